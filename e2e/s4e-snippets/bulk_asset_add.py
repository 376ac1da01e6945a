import requests

API_TOKEN = "YOUR_API_TOKEN"
BASE_URL = "https://api.s4e.io"

response = requests.post(
    f"{BASE_URL}/asset/handler/bulk-asset-add",
    json={"assets": ["example.com"], "token": API_TOKEN},
)
response.raise_for_status()
result = response.json()
print(result["message"])
