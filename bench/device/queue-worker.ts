import { createDevice } from '../../device-client/src/device.ts';
import { type DeviceOrder, sampleAt } from './device-order.ts';
import { serveLoads } from './serve-loads.ts';

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
    samplesPerMessage: 1,
    limits: { publishesPerSecond: 100, bytesPerSecond: 512 * 1_024 },
  },
});
await device.start();
await serveLoads(
  order,
  () => device.publish('telemetry', sampleAt(Date.now())),
  async () => {
    await device.flush();
    return device.telemetry.stats.acknowledgedMessages;
  },
);
await device.stop();
process.exit(0);
