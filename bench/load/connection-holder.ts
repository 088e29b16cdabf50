import { readFileSync } from 'node:fs';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import type { ConnectionCommand, ConnectionOrder, ConnectionReport } from './connection-order.ts';

/** Child-process entry: opens many mTLS connections, subscribes on each, and keeps them. */
const sockets: TLSSocket[] = [];
const report = (message: ConnectionReport): void => void process.send?.(message);

function open(order: ConnectionOrder, context: SecureContext, index: number): Promise<void> {
  const clientId = `held-${index}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: order.host, port: order.port, servername: order.host, secureContext: context });
    sockets.push(socket);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`the server closed the connection of ${clientId}`)));
    socket.once('secureConnect', () => {
      socket.write(
        generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 1200, clientId }),
      );
    });
    socket.once('data', (connack: Buffer) => {
      if (connack[0] !== 0x20 || connack[3] !== 0) return reject(new Error(`CONNACK ${connack[3]}`));
      socket.write(
        generate({
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: [{ topic: `fleet/${clientId}/commands`, qos: 1 }],
        }),
      );
      socket.once('data', (suback: Buffer) => {
        if (suback[0] !== 0x90 || suback[4] !== 1) return reject(new Error(`SUBACK ${suback[4]}`));
        resolve();
      });
    });
  });
}

async function openAll(order: ConnectionOrder): Promise<void> {
  const ca = readFileSync(order.caFile);
  const contexts = order.certificates.map(({ certificatePem: cert, privateKeyPem: key }) =>
    createSecureContext({ ca, cert, key }),
  );
  let next = 0;
  const started = performance.now();
  const lane = async (): Promise<void> => {
    for (let index = next++; index < order.count; index = next++) {
      await open(order, contexts[index % contexts.length] as SecureContext, index);
    }
  };
  await Promise.all(Array.from({ length: order.parallel }, lane));
  report({ kind: 'opened', milliseconds: performance.now() - started });
}

async function publishAll(): Promise<void> {
  const started = performance.now();
  await Promise.all(
    sockets.map(
      (socket, index) =>
        new Promise<void>((resolve) => {
          socket.once('data', () => resolve());
          const topic = `fleet/held-${index}/telemetry`;
          socket.write(
            generate({
              cmd: 'publish',
              topic,
              payload: 'x'.repeat(110),
              qos: 1,
              messageId: 2,
              dup: false,
              retain: false,
            }),
          );
        }),
    ),
  );
  report({ kind: 'published', milliseconds: performance.now() - started });
}

function fail(error: unknown): void {
  report({ kind: 'failed', code: 'LOAD', message: error instanceof Error ? error.message : String(error) });
}

process.on('message', (command: ConnectionCommand) => {
  if (command.kind === 'open') openAll(command.order).catch(fail);
  else if (command.kind === 'publish') publishAll().catch(fail);
  else process.exit(0);
});
process.on('disconnect', () => process.exit(0));
