import type { PumpReading } from './pump-station.ts';

/** Input registers of a pump, as its manual would list them. */
export const INPUT_REGISTERS = 12;
export const HOLDING_REGISTERS = 1;
export const COILS = 1;
export const DISCRETE_INPUTS = 2;

/** Flow has its words swapped, as a device of another maker's would; the rest is in the protocol's order. */
export function inputRegistersOf(reading: PumpReading): Buffer {
  const bytes = Buffer.alloc(INPUT_REGISTERS * 2);
  bytes.writeUInt16BE(Math.round(reading.pressure * 100), 0);
  bytes.writeUInt16BE(reading.running ? 1 : 0, 2);
  const flow = Buffer.alloc(4);
  flow.writeFloatBE(reading.flow);
  flow.copy(bytes, 6, 0, 2);
  flow.copy(bytes, 4, 2, 4);
  bytes.writeInt16BE(Math.round(reading.temperature * 10), 8);
  bytes.writeUInt16BE(Math.round(reading.vibration * 100), 10);
  bytes.writeFloatBE(reading.power, 12);
  bytes.writeUInt32BE(reading.runtime, 16);
  bytes.writeUInt16BE(reading.speed, 20);
  return bytes;
}

export function holdingRegistersOf(reading: PumpReading): Buffer {
  const bytes = Buffer.alloc(HOLDING_REGISTERS * 2);
  bytes.writeUInt16BE(Math.round(reading.setpoint));
  return bytes;
}

export function coilsOf(reading: PumpReading): boolean[] {
  return [reading.running];
}

/** Whether the shaft turns, and whether the motor is too hot. */
export function discreteInputsOf(reading: PumpReading): boolean[] {
  return [reading.speed > 0, reading.temperature > 90];
}
