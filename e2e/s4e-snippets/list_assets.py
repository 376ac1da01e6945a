from s4e import S4EClient

client = S4EClient(api_key="YOUR_API_KEY")

assets = client.assets.list()
for asset in assets:
    print(asset.hostname, asset.security_score)
