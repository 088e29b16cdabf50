import { connect, type IClientOptions, type MqttClient } from 'mqtt';

/**
 * One connection that is not tried again. `prepare` gets the client before anything can have arrived.
 *
 * @throws Error when the server refuses the CONNECT or ends the connection first
 */
export function openMqtt(
  options: IClientOptions,
  prepare: (client: MqttClient) => void = () => {},
): Promise<MqttClient> {
  const client = connect({ protocol: 'mqtts', protocolVersion: 5, reconnectPeriod: 0, ...options });
  prepare(client);
  return new Promise((resolve, reject) => {
    const refuse = (error?: Error): void => {
      client.end(true);
      reject(error ?? new Error('the server ended the connection'));
    };
    client.once('error', refuse);
    client.once('close', refuse);
    client.once('connect', () => {
      client.off('error', refuse);
      client.off('close', refuse);
      // A connection that the server ends later shows in what waits for it.
      client.on('error', () => {});
      resolve(client);
    });
  });
}
