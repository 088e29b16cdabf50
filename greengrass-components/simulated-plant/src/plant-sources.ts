import { PUMPS } from './process-faults.ts';
import { MAX_SETPOINT, MIN_SETPOINT } from './pump-station.ts';
import type { PlantPorts } from './simulated-plant.ts';

/** Configuration of the protocol gateway's `sources` for the plant. @param host where the plant is. @default 127.0.0.1 */
export function plantSources(ports: PlantPorts, host = '127.0.0.1'): Record<string, object> {
  const sources: Record<string, object> = {};
  for (const unit of PUMPS) sources[`pump-${unit}`] = pump(host, ports.modbus, unit);
  const coap = { protocol: 'coap', host, port: ports.coap };
  sources.tank = {
    ...coap,
    resources: { default: { path: '/tank', mode: 'observe', intervalMs: 1_000, format: 'json' } },
    points: { level: { pointer: '/level', valid: { min: 0, max: 5 } } },
  };
  sources.ambient = {
    ...coap,
    resources: { default: { path: '/ambient', intervalMs: 10_000 } },
    points: {
      temperature: { pointer: '/temperature', valid: { min: -40, max: 60 } },
      humidity: { pointer: '/humidity', valid: { min: 0, max: 100 } },
    },
  };
  const record = (name: string): object => ({ record: `urn:dev:mac:0024befffe804ff1/${name}` });
  sources.quality = {
    ...coap,
    resources: { default: { path: '/quality', intervalMs: 10_000 } },
    points: {
      ph: { ...record('ph'), valid: { min: 0, max: 14 } },
      turbidity: record('turbidity'),
      chlorine: record('chlorine'),
      conductivity: record('conductivity'),
      temperature: record('temperature'),
    },
  };
  return sources;
}

function pump(host: string, port: number, unit: number): object {
  const input = (address: number, more: object = {}): object => ({ table: 'input-register', address, ...more });
  return {
    protocol: 'modbus-tcp',
    host,
    port,
    unit,
    groups: { default: { intervalMs: 1_000 }, slow: { intervalMs: 10_000 } },
    points: {
      running: { table: 'coil', address: 0, writable: true },
      setpoint: { table: 'holding-register', address: 0, writable: { min: MIN_SETPOINT, max: MAX_SETPOINT } },
      pressure: input(0, { scale: 0.01, valid: { min: 0, max: 10 } }),
      flow: input(2, { type: 'float32', wordOrder: 'little', valid: { min: 0, max: 300 } }),
      temperature: input(4, { type: 'int16', scale: 0.1, valid: { min: -40, max: 200 } }),
      vibration: input(5, { scale: 0.01, valid: { min: 0, max: 100 } }),
      power: input(6, { type: 'float32' }),
      runtime: input(8, { type: 'uint32', group: 'slow' }),
      speed: input(10),
    },
  };
}
