import { readFileSync } from 'node:fs';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { CloudDescription } from '../../local-cloud/src/index.ts';

export interface RawCredentials {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** MQTT.js straight at the broker: for publishes that a well-behaved agent would never make. */
export function connectRaw(
  cloud: CloudDescription,
  credentials: RawCredentials,
  clientId: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  return connectAsync({
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
}

/** Resolves when the server ends the connection. */
export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (!client.connected) resolve();
    client.once('close', () => resolve());
  });
}
