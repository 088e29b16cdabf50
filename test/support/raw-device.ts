import { readFileSync } from 'node:fs';
import type { IClientOptions, MqttClient } from 'mqtt';
import { openMqtt } from '../../conformance/account/open-mqtt.ts';
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
  return openMqtt({
    host: cloud.mqttHost,
    port: cloud.mqttPort,
    ca: readFileSync(cloud.caFile),
    cert: credentials.certificatePem,
    key: credentials.privateKeyPem,
    clientId,
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
