/** Where what is inside the containers; the Dockerfile says the same. */

/** Folder of what a service keeps. */
export const DATA_DIR = '/data';
/** Folder of the operator's own profiles. */
export const PROFILES_DIR = '/profiles';
/** Where the one-shot setup has the folders of all containers. */
export const SETUP_DIR = '/setup';
/** `node` in the official images. */
export const SERVICE_USER = 1000;

export const HTTP_PORT = 8080;
export const GRPC_PORT = 50_051;
export const ADMIN_PORT = 9090;

const NETWORK = '${LATCHKEY_NETWORK:-172.29.57}';
/** Of the network between edge and services. */
export const SUBNET = `${NETWORK}.0/24`;
/** Where the other containers get their addresses from, so that none gets the edge's. */
export const SUBNET_OF_SERVICES = `${NETWORK}.0/25`;
/** Fixed, as the edge is the only proxy whose word the services take. */
export const EDGE_ADDRESS = `${NETWORK}.250`;
