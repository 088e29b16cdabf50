import { gaussian, seededRandom } from './random.ts';
import type { SensorSet } from './sensor-set.ts';

/**
 * A pump station: an electric motor drives a centrifugal pump against a network with a daily demand.
 *
 * - speed follows its set point with first-order lag (the drive's ramp);
 * - pressure follows the affinity laws: proportional to speed squared, less the demand's friction loss;
 * - winding temperature follows a first-order thermal model: losses heat, the ambient (daily sine) cools;
 * - vibration (RMS velocity) grows with speed and with bearing wear, which accumulates with running time;
 * - the battery of the transmitter discharges linearly and slightly faster in the cold.
 *
 * The same seed and the same instants give the same readings.
 */
const SETPOINT_RPM = 1450;
const SPEED_LAG_S = 8;
const RATED_PRESSURE_BAR = 6.2;
const FRICTION_BAR = 1.4;
const THERMAL_LAG_S = 600;
const FULL_LOAD_RISE_C = 42;
const MEAN_AMBIENT_C = 14;
const AMBIENT_SWING_C = 7;
const BASE_VIBRATION_MM_S = 1.1;
const WEAR_PER_HOUR = 0.0006;
const BATTERY_LIFE_DAYS = 1825;
const DAY_S = 86_400;

export interface PumpStationOptions {
  readonly seed: number;
  /** ms since the epoch at which the model begins */
  readonly start: number;
}

export function pumpStation({ seed, start }: PumpStationOptions): SensorSet {
  const random = seededRandom(seed);
  const offset = gaussian(random);
  let last = start;
  let rpm = SETPOINT_RPM * 0.9;
  let winding = MEAN_AMBIENT_C + FULL_LOAD_RISE_C * 0.8;
  let wear = 0.05 * random();

  const dayFraction = (time: number) => (time / 1000 / DAY_S) % 1;
  const ambient = (time: number) =>
    MEAN_AMBIENT_C + offset + AMBIENT_SWING_C * Math.sin(2 * Math.PI * (dayFraction(time) - 0.375));
  /** Two peaks a day, morning and evening; 0 to 1. */
  const demand = (time: number) => 0.5 + 0.35 * Math.sin(4 * Math.PI * (dayFraction(time) - 0.17));

  function advance(time: number): void {
    const seconds = Math.max(0, (time - last) / 1000);
    last = Math.max(last, time);
    const target = SETPOINT_RPM * (0.85 + 0.15 * demand(time));
    rpm += (target - rpm) * (1 - Math.exp(-seconds / SPEED_LAG_S));
    const load = (rpm / SETPOINT_RPM) ** 3 * (0.6 + 0.4 * demand(time));
    const settled = ambient(time) + FULL_LOAD_RISE_C * load;
    winding += (settled - winding) * (1 - Math.exp(-seconds / THERMAL_LAG_S));
    wear += (WEAR_PER_HOUR * seconds) / 3600;
  }

  return {
    read(time) {
      advance(time);
      const ratio = rpm / SETPOINT_RPM;
      return {
        time,
        values: {
          temperature: round(winding + 0.15 * gaussian(random), 2),
          pressure: round(RATED_PRESSURE_BAR * ratio ** 2 - FRICTION_BAR * demand(time) + 0.03 * gaussian(random), 3),
          rpm: round(rpm + 1.5 * gaussian(random), 1),
          vibration: round(BASE_VIBRATION_MM_S * ratio * (1 + 3 * wear) + 0.05 * Math.abs(gaussian(random)), 3),
        },
      };
    },
    health(time) {
      const days = (time - start) / 1000 / DAY_S;
      const cold = ambient(time) < 5 ? 1.3 : 1;
      return {
        battery: round(Math.max(0, 100 - (100 * days * cold) / BATTERY_LIFE_DAYS), 2),
        signal: round(-71 + 4 * gaussian(random), 1),
        memoryFree: Math.round(18_000_000 + 400_000 * gaussian(random)),
      };
    },
  };
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
