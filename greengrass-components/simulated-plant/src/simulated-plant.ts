import { startCoapPlant } from './coap-plant.ts';
import { startModbusPlant } from './modbus-plant.ts';
import type { ProcessFault, PumpNumber } from './process-faults.ts';
import { createPumpStation, type PumpStation, type StationReading } from './pump-station.ts';
import { PLANT_SOURCES, type PlantSource, type WireFault } from './wire-faults.ts';

/** Time of the plant; that of a component fits. */
export interface PlantClock {
  /** ms since the Unix epoch */
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

export interface PlantPorts {
  readonly modbus: number;
  readonly coap: number;
}

export interface PlantOptions {
  readonly clock: PlantClock;
  readonly seed: number;
  /** 0: any that are free, for both. @default 0 */
  readonly ports?: 0 | PlantPorts;
  readonly faults?: readonly ProcessFault[];
  /** @default pump-1 and pump-2 */
  readonly running?: readonly PumpNumber[];
}

export interface SimulatedPlant {
  readonly ports: PlantPorts;
  /** What the process is like now, whatever its sensors say. */
  readonly reading: StationReading;
  /** Begins a fault of the process now. @returns ends it */
  inject(
    fault: Omit<Extract<ProcessFault, { pump: PumpNumber }>, 'from'> | { kind: 'high-inflow'; severity?: number },
  ): () => void;
  /** Begins a fault of a sensor or its connection, or ends it (undefined). */
  disturb(source: PlantSource, fault: WireFault | undefined): void;
  close(): Promise<void>;
}

/** The plant with its servers on the loopback interface. The process goes by the clock, one step a second. */
export async function createSimulatedPlant(options: PlantOptions): Promise<SimulatedPlant> {
  const { clock, seed, ports = 0, faults = [], running } = options;
  const start = clock.now();
  const station: PumpStation = createPumpStation({ seed, start, faults, ...(running && { running }) });
  const wire = new Map<string, { fault: WireFault; reading: StationReading }>();
  const now = (): StationReading => {
    station.advance(clock.now());
    return station.reading;
  };
  const read = (source: string): StationReading => {
    const known = wire.get(source);
    return known?.fault.kind === 'frozen' ? known.reading : now();
  };
  const process = {
    faultOf: (source: string) => wire.get(source)?.fault,
    after: (milliseconds: number, task: () => void) => clock.after(milliseconds, task),
  };
  const modbus = await startModbusPlant(
    {
      ...process,
      read: (pump) => read(`pump-${pump}`).pumps[pump],
      order: (pump, order) => {
        now();
        station.order(pump, order);
      },
    },
    ports === 0 ? 0 : ports.modbus,
  );
  const coap = await startCoapPlant({ ...process, read }, ports === 0 ? 0 : ports.coap);
  return {
    ports: { modbus: modbus.port, coap: coap.port },
    get reading() {
      return now();
    },
    inject(fault) {
      const whole = { ...fault, from: clock.now() } as ProcessFault;
      station.faults.push(whole);
      return () => {
        const at = station.faults.indexOf(whole);
        if (at >= 0) station.faults.splice(at, 1);
      };
    },
    disturb(source, fault) {
      if (!PLANT_SOURCES.includes(source)) throw new RangeError(`the plant has no source ${source}`);
      if (fault === undefined) wire.delete(source);
      else wire.set(source, { fault, reading: now() });
    },
    async close() {
      await Promise.all([modbus.close(), coap.close()]);
    },
  };
}
