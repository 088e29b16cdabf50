import * as greengrasscoreipc from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';

export type IpcClient = greengrasscoreipc.Client;

/**
 * Connects with the nucleus by the socket and the token of the environment.
 * @param onLost called once, when the connection has ended without our doing
 */
export async function connectNucleus(onLost: (reason: string) => void): Promise<IpcClient> {
  const client = greengrasscoreipc.createClient();
  await client.connect();
  client.on('disconnection', (event) => onLost(event?.reason?.message ?? 'the nucleus has closed it'));
  return client;
}
