import * as z from 'zod';
import { backOffSchema, hostSchema, milliseconds, pointNameSchema, pointOptions, portSchema } from './point-options.ts';

/** MODBUS Application Protocol V1.1b3, 6.1 to 6.4: what one request may read. */
export const MAX_REGISTERS = 125;
export const MAX_COILS = 2_000;

export const REGISTER_TYPES = ['int16', 'uint16', 'int32', 'uint32', 'float32', 'float64', 'bit'] as const;
export type RegisterType = (typeof REGISTER_TYPES)[number];

const groupName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits or hyphens');

/** The first of all is number 0 (MODBUS Application Protocol, 4.4): register 40001 of a manual is address 0. */
const address = z.int().min(0).max(65_535);

const bitPointSchema = z.strictObject({
  ...pointOptions,
  table: z.enum(['coil', 'discrete-input']),
  address,
  group: groupName.default('default'),
});

const registerPointSchema = z.strictObject({
  ...pointOptions,
  table: z.enum(['input-register', 'holding-register']),
  address,
  type: z.enum(REGISTER_TYPES).default('uint16'),
  /** Which bit of the register, 0 the least significant. For type `bit`. */
  bit: z.int().min(0).max(15).optional(),
  /** `big`: the first register holds the most significant word. */
  wordOrder: z.enum(['big', 'little']).default('big'),
  /** Within a register. The protocol says `big` (4.2); some devices differ. */
  byteOrder: z.enum(['big', 'little']).default('big'),
  group: groupName.default('default'),
});

export const modbusPointSchema = z.discriminatedUnion('table', [bitPointSchema, registerPointSchema]);
export type ModbusPoint = z.infer<typeof modbusPointSchema>;
export type RegisterPoint = z.infer<typeof registerPointSchema>;
export type ModbusTable = ModbusPoint['table'];

/** Registers that a type takes. */
export function registersOf(type: RegisterType): number {
  if (type === 'float64') return 4;
  return type === 'int32' || type === 'uint32' || type === 'float32' ? 2 : 1;
}

export const modbusSourceSchema = z
  .strictObject({
    protocol: z.literal('modbus-tcp'),
    enabled: z.boolean().default(true),
    host: hostSchema,
    port: portSchema.default(502),
    /** Unit identifier: 255 or 1 for most devices with an address of their own, the serial address behind a bridge. */
    unit: z.int().min(0).max(255).default(1),
    /** For a connection, and for an answer. */
    timeoutMs: milliseconds(20, 60_000).default(1_000),
    reconnect: backOffSchema,
    /**
     * `own`: requests to write have a connection of their own, so that none waits behind a poll. `shared`: for devices that
     * take one connection only; they go ahead of polls that wait.
     */
    writeConnection: z.enum(['own', 'shared']).default('own'),
    /** What the device reads in one request, where that is less than the protocol allows. */
    maxRegisters: z.int().min(4).max(MAX_REGISTERS).default(MAX_REGISTERS),
    maxCoils: z.int().min(1).max(MAX_COILS).default(MAX_COILS),
    /** How many registers nobody asked for may be read to save a request. 0 for devices that refuse gaps. */
    maxGap: z.int().min(0).max(100).default(8),
    /** Poll groups. Points are of group `default` unless they say otherwise. */
    groups: z.record(groupName, z.strictObject({ intervalMs: milliseconds(20, 86_400_000) })).default({}),
    /** Without an answer for so long, the last values of a group are `uncertain`. @default three intervals, at least 3 s */
    silentAfterMs: milliseconds(100, 86_400_000).optional(),
    points: z.record(pointNameSchema, modbusPointSchema),
  })
  .transform((source) => ({ ...source, groups: { default: { intervalMs: 1_000 }, ...source.groups } }))
  .superRefine(({ groups, points }, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const [name, point] of Object.entries(points)) {
      const at = (key: string) => ['points', name, key];
      if (!Object.hasOwn(groups, point.group)) issue(at('group'), 'is no group of the source');
      const readOnly = point.table === 'discrete-input' || point.table === 'input-register';
      if (readOnly && point.writable !== false) issue(at('writable'), `a ${point.table} cannot be written`);
      if (point.table === 'coil' || point.table === 'discrete-input') {
        if (typeof point.writable === 'object') issue(at('writable'), 'must be true or false for a coil');
        if (point.scale !== 1 || point.offset !== 0) issue(at('scale'), 'a switch has no scale');
        continue;
      }
      if (!('type' in point)) continue;
      if (point.address + registersOf(point.type) > 65_536) issue(at('address'), 'reaches beyond the last register');
      if (point.writable === true) issue(at('writable'), 'must give min and max for a register');
      if ((point.type === 'bit') !== (point.bit !== undefined))
        issue(at('bit'), 'goes with type bit, and only with it');
      if (point.type !== 'bit') continue;
      if (point.writable !== false) issue(at('writable'), 'a bit of a register cannot be written alone');
      if (point.scale !== 1 || point.offset !== 0) issue(at('scale'), 'a switch has no scale');
    }
  });

export type ModbusSource = z.infer<typeof modbusSourceSchema>;
