import { readFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import { type LoadClient, type LoadOrder, type LoadResult, loadMessage, serveOrder, summarize } from './load-order.ts';

/** Child-process entry: load made with MQTT.js, speaking 3.1.1, which every server of the comparison understands. */
const CONNECT_TIMEOUT = 15_000;

interface Lane {
  readonly client: LoadClient;
  readonly mqtt: MqttClient;
  acknowledged: number;
  readonly latencies: number[];
  readonly publishedAt: number[];
}

async function open(order: LoadOrder, client: LoadClient): Promise<Lane> {
  const mqtt = await connectAsync({
    protocol: 'mqtts',
    host: order.host,
    port: order.port,
    ca: readFileSync(order.caFile),
    cert: client.certificatePem,
    key: client.privateKeyPem,
    clientId: client.clientId,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT,
    queueQoSZero: false,
  });
  mqtt.on('close', () => {
    if (!mqtt.disconnecting) fail(new Error(`the server closed the connection of ${client.clientId}`));
  });
  return { client, mqtt, acknowledged: 0, latencies: [], publishedAt: [] };
}

/** Keeps `window` publishes under way until the deadline; resolves when all are acknowledged. */
function drive(order: LoadOrder, lane: Lane, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let inFlight = 0;
    const pump = (): void => {
      while (inFlight < order.window && performance.now() < deadline) {
        const now = Date.now();
        const sequence = lane.publishedAt.push(now);
        inFlight++;
        const payload = loadMessage(lane.client.bootId, sequence, now, order.samplesPerMessage);
        lane.mqtt.publish(lane.client.topic, payload, { qos: 1 }, (error) => {
          if (error) return reject(error);
          inFlight--;
          lane.acknowledged++;
          lane.latencies.push(Date.now() - now);
          pump();
          if (inFlight === 0) resolve();
        });
      }
    };
    pump();
  });
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const lanes: Lane[] = [];
  for (const client of order.clients) lanes.push(await open(order, client));
  const started = performance.now();
  const deadline = started + order.seconds * 1000;
  await Promise.all(lanes.map((lane) => drive(order, lane, deadline)));
  const elapsedMs = performance.now() - started;
  await Promise.all(lanes.map(({ mqtt }) => mqtt.endAsync()));
  return summarize(order, elapsedMs, lanes);
}

const fail = serveOrder(run);
