import {
  inflowTrouble,
  type ProcessFault,
  PUMPS,
  type PumpNumber,
  type PumpTroubles,
  troublesOf,
} from './process-faults.ts';
import { barOf, type Duty, dutyOf, NOMINAL_FLOW, NOMINAL_SPEED } from './pump-hydraulics.ts';
import { createRandomSource } from './random-source.ts';
import { ambientAt, inflowAt } from './surroundings.ts';

/** What instruments of a pump show. */
export interface PumpReading {
  readonly running: boolean;
  /** rpm that the station was told */
  readonly setpoint: number;
  /** rpm */
  readonly speed: number;
  /** bar at the discharge */
  readonly pressure: number;
  /** m³/h */
  readonly flow: number;
  /** °C of the motor */
  readonly temperature: number;
  /** mm/s RMS at the bearing housing (ISO 10816) */
  readonly vibration: number;
  /** kW */
  readonly power: number;
  /** s that it ran in all */
  readonly runtime: number;
}

export interface StationReading {
  /** ms since the epoch */
  readonly time: number;
  readonly pumps: Readonly<Record<PumpNumber, PumpReading>>;
  /** m of water in the tank */
  readonly level: number;
  /** °C and percent of the air */
  readonly ambient: { readonly temperature: number; readonly humidity: number };
  readonly quality: WaterQuality;
}

export interface WaterQuality {
  readonly ph: number;
  /** NTU */
  readonly turbidity: number;
  /** mg/l */
  readonly chlorine: number;
  /** µS/cm */
  readonly conductivity: number;
  /** °C */
  readonly temperature: number;
}

/** One step of the simulation. */
export const STEP_MS = 1_000;

export const MIN_SETPOINT = 600;
export const MAX_SETPOINT = 1_600;
export const TANK_HEIGHT = 5;
/** m² */
const TANK_AREA = 60;
/** m from the bottom of the tank to the outlet of the main */
const LIFT = 17;
const USUAL_LEVEL = 2.5;

interface Pump {
  run: boolean;
  setpoint: number;
  speed: number;
  temperature: number;
  runtime: number;
}

/**
 * A lifting station: a tank with inflow by the time of day, and three pumps on one header. A level loop of its own trims the
 * speed of the pumps around what they are told, so that two of them hold the level on a usual day.
 *
 * INVARIANTS
 * - The same seed, start, orders and faults give the same readings, however the time is cut into calls.
 * - Each step takes the same number of draws: a fault changes what it touches and not the noise of the rest.
 */
export interface PumpStation {
  readonly reading: StationReading;
  /** Whether to run, and rpm; out of range throws a RangeError. */
  order(pump: PumpNumber, order: { run?: boolean; setpoint?: number }): void;
  /** Goes on to the last whole step that is not after `time`. */
  advance(time: number): void;
  readonly faults: ProcessFault[];
}

export interface PumpStationOptions {
  readonly seed: number;
  /** ms since the epoch */
  readonly start: number;
  readonly faults?: readonly ProcessFault[];
  /** Which pumps run at first. @default pump-1 and pump-2 */
  readonly running?: readonly PumpNumber[];
}

export function createPumpStation({
  seed,
  start,
  faults: first = [],
  running = [1, 2],
}: PumpStationOptions): PumpStation {
  const random = createRandomSource(seed);
  const faults = [...first];
  const air = ambientAt(start, seed);
  const pumps = PUMPS.map((number): Pump => {
    const run = running.includes(number);
    const temperature = air.temperature + (run ? 17 : 0);
    return {
      run,
      setpoint: NOMINAL_SPEED,
      speed: run ? NOMINAL_SPEED * trimAt(USUAL_LEVEL) : 0,
      temperature,
      runtime: number * 1_000_000,
    };
  });
  let level = USUAL_LEVEL;
  let swing = 0;
  let time = start;
  let reading = step();

  function step(): StationReading {
    const air = ambientAt(time, seed);
    const shared = { inflow: random.normal(), level: random.normal(), air: random.normal(), humidity: random.normal() };
    const water = { ph: random.normal(), turbidity: random.normal(), chlorine: random.normal(), salt: random.normal() };
    const troubles = PUMPS.map((number) => troublesOf(faults, number, time));
    const trim = trimAt(level);
    for (const pump of pumps) {
      const target = pump.run ? pump.setpoint * trim : 0;
      pump.speed += (target - pump.speed) * (pump.run ? 0.25 : 0.4);
      if (pump.speed < 1) pump.speed = 0;
      if (pump.run) pump.runtime += STEP_MS / 1_000;
    }
    const duties = dutyOf(
      pumps.map(({ speed }, at) => {
        const { cavitation, deadHead } = troubles[at] as PumpTroubles;
        // Air in the suction when the tank is nearly empty.
        const dry = clamp((0.5 - level) / 0.4, 0, 1);
        return {
          speed: speed / NOMINAL_SPEED,
          strength: (1 - 0.22 * cavitation) * (1 - dry),
          shut: deadHead,
        };
      }),
      LIFT - level,
    );
    const outflow = duties.reduce((sum, { flow }) => sum + flow, 0);
    swing = 0.98 * swing + 0.02 * shared.inflow * 60;
    const inflow = Math.max(0, inflowAt(time) * (1 + 1.2 * inflowTrouble(faults, time)) + swing);
    level = clamp(level + ((inflow - outflow) / 3_600 / TANK_AREA) * (STEP_MS / 1_000), 0, TANK_HEIGHT);
    const readings = pumps.map((pump, at) =>
      readPump(pump, duties[at] as Duty, troubles[at] as PumpTroubles, air.temperature, random.normal),
    );
    return {
      time,
      pumps: { 1: readings[0] as PumpReading, 2: readings[1] as PumpReading, 3: readings[2] as PumpReading },
      level: round(clamp(level + 0.004 * shared.level, 0, TANK_HEIGHT), 0.001),
      ambient: {
        temperature: round(air.temperature + 0.05 * shared.air, 0.01),
        humidity: round(clamp(air.humidity + 0.3 * shared.humidity, 5, 100), 0.1),
      },
      quality: {
        ph: round(7.4 + 0.02 * water.ph, 0.01),
        turbidity: round(Math.max(0.1, 0.8 + 1.6 * inflowTrouble(faults, time) + 0.05 * water.turbidity), 0.01),
        chlorine: round(0.42 + 0.01 * water.chlorine, 0.01),
        conductivity: round(560 + 4 * water.salt, 1),
        temperature: round(12 + 0.1 * (air.temperature - 12), 0.1),
      },
    };
  }

  return {
    get reading() {
      return reading;
    },
    faults,
    order(number, { run, setpoint }) {
      const pump = pumps[number - 1] as Pump;
      if (setpoint !== undefined) {
        if (!(setpoint >= MIN_SETPOINT && setpoint <= MAX_SETPOINT)) {
          throw new RangeError(`setpoint must be ${MIN_SETPOINT} to ${MAX_SETPOINT} rpm, was ${setpoint}`);
        }
        pump.setpoint = setpoint;
      }
      if (run !== undefined) pump.run = run;
      const shown = reading.pumps[number];
      reading = {
        ...reading,
        pumps: { ...reading.pumps, [number]: { ...shown, running: pump.run, setpoint: pump.setpoint } },
      };
    },
    advance(to) {
      while (time + STEP_MS <= to) {
        time += STEP_MS;
        reading = step();
      }
    },
  };
}

/** Moves the motor's temperature on by a step, and reads the instruments: six draws, always. */
function readPump(
  pump: Pump,
  { flow, head }: Duty,
  { cavitation, wear, deadHead }: PumpTroubles,
  air: number,
  normal: () => number,
): PumpReading {
  const noise = {
    pressure: normal(),
    flow: normal(),
    temperature: normal(),
    vibration: normal(),
    power: normal(),
    burst: normal(),
  };
  const speed = pump.speed / NOMINAL_SPEED;
  const load = flow / NOMINAL_FLOW;
  const power = 11 * speed ** 3 * (0.4 + 0.6 * load) * (1 + 0.06 * wear) * (1 - 0.08 * cavitation);
  const settles = air + 35 * (power / 11) + speed * (25 * wear + 38 * deadHead + 4 * cavitation);
  pump.temperature += ((settles - pump.temperature) * STEP_MS) / 1_000 / 300;
  // Off its best point a pump shakes; bubbles collapse in bursts; worn bearings grow loud faster than they wear.
  const offPoint = speed > 0.1 ? Math.max(0, 0.4 - load) * 2.5 : 0;
  const bursts = cavitation * (2.6 + 0.9 * Math.abs(noise.burst));
  const vibration = speed * speed * (1.4 + 0.12 * noise.vibration + offPoint + bursts + 5.5 * wear ** 1.5) + 0.05;
  const rough = speed * cavitation;
  return {
    running: pump.run,
    setpoint: pump.setpoint,
    speed: Math.round(pump.speed),
    pressure: round(Math.max(0, barOf(head) + speed * 0.012 * noise.pressure + 0.16 * rough * noise.burst), 0.01),
    flow: round(Math.max(0, flow + (flow > 0 ? 0.5 * noise.flow + 6 * rough * noise.burst : 0)), 0.01),
    temperature: round(pump.temperature + 0.08 * noise.temperature, 0.1),
    vibration: round(Math.max(0.03, vibration), 0.01),
    power: round(Math.max(0, power * (1 + 0.006 * noise.power)), 0.01),
    runtime: pump.runtime,
  };
}

/** The station's own level loop: which part of their setpoint the pumps run at. */
function trimAt(level: number): number {
  return clamp(0.83 + 0.2 * (level - USUAL_LEVEL), 0.65, 1);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** To the resolution of an instrument, without the tail of binary fractions. */
function round(value: number, resolution: number): number {
  return Number((Math.round(value / resolution) * resolution).toFixed(3));
}
