import { createDevice } from '../../device-client/src/device.ts';
import { type DeviceOrder, sampleAt } from './device-order.ts';
import { measureLoad } from './measure-load.ts';

/** The library with its queue: the same messages at the same rate, each kept until it is acknowledged. */
const order = JSON.parse(process.argv[2] as string) as DeviceOrder;
const device = createDevice({
  endpoint: { host: order.host, port: order.port, serverCaPem: order.serverCaPem },
  stateDirectory: order.stateDirectory,
  parameters: {
    SerialNumber: 'BENCH-0001',
    Site: order.configuration.site,
    DeviceType: order.configuration.deviceType,
  },
  telemetry: {
    storage: order.kind === 'memory' ? 'memory' : 'disk',
    sync: order.kind === 'disk' ? 'interval' : 'always',
    samplesPerMessage: order.samplesPerMessage,
    limits: { publishesPerSecond: 100, bytesPerSecond: 512 * 1_024 },
  },
});
await device.start();

const figures = await measureLoad(order, async (seconds) => {
  const total = seconds * order.messagesPerSecond;
  const acknowledged = device.telemetry.stats.acknowledgedMessages;
  const began = performance.now();
  for (let message = 1; message <= total; message++) {
    const wait = began + (message * 1_000) / order.messagesPerSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    for (let sample = 0; sample < order.samplesPerMessage; sample++) device.publish('telemetry', sampleAt(Date.now()));
  }
  await device.flush();
  return device.telemetry.stats.acknowledgedMessages - acknowledged;
});
await device.stop();
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
