import { readFileSync } from 'node:fs';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { CloudDescription } from '../../local-cloud/src/index.ts';

export interface RawCredentials {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * MQTT.js straight at the broker: for publishes that a well-behaved agent would never make.
 * @throws Error when the server refuses the CONNECT or ends the connection first
 */
export function connectRaw(
  cloud: CloudDescription,
  credentials: RawCredentials,
  clientId: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = connect({
    protocol: 'mqtts',
    host: cloud.mqttHost,
    port: cloud.mqttPort,
    ca: readFileSync(cloud.caFile),
    cert: credentials.certificatePem,
    key: credentials.privateKeyPem,
    clientId,
    protocolVersion: 5,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    ...options,
  });
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

/** Resolves when the server ends the connection. */
export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (!client.connected) resolve();
    client.once('close', () => resolve());
  });
}
