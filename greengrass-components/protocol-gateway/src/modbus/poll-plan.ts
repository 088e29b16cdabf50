import { type ModbusPoint, type ModbusTable, registersOf } from '../configuration/modbus-source.ts';

export interface PlannedPoint {
  readonly name: string;
  readonly point: ModbusPoint;
}

/** Neighbours that one request reads. */
export interface ReadBlock {
  readonly table: ModbusTable;
  readonly start: number;
  /** Registers, or bits. */
  readonly count: number;
  /** By address. */
  readonly points: readonly PlannedPoint[];
}

export interface PlanLimits {
  readonly maxRegisters: number;
  readonly maxCoils: number;
  /** How many registers (or eight times as many bits) between two points may be read for nothing. */
  readonly maxGap: number;
}

/** Few requests that read all points, none beyond the limits, and no point in two parts. */
export function planReads(points: readonly PlannedPoint[], limits: PlanLimits): ReadBlock[] {
  const tables = new Map<ModbusTable, PlannedPoint[]>();
  for (const planned of points) {
    const known = tables.get(planned.point.table) ?? [];
    known.push(planned);
    tables.set(planned.point.table, known);
  }
  return [...tables].flatMap(([table, own]) => {
    const bits = areBits(table);
    const most = bits ? limits.maxCoils : limits.maxRegisters;
    const gap = bits ? limits.maxGap * 8 : limits.maxGap;
    const blocks: PlannedPoint[][] = [];
    let start = 0;
    let end = 0;
    for (const planned of [...own].sort((left, right) => left.point.address - right.point.address)) {
      const { address } = planned.point;
      const after = address + widthOf(planned.point);
      const block = blocks.at(-1);
      if (block === undefined || address - end > gap || Math.max(end, after) - start > most) {
        blocks.push([planned]);
        start = address;
        end = after;
      } else {
        block.push(planned);
        end = Math.max(end, after);
      }
    }
    return blocks.map((block) => blockOf(table, block));
  });
}

/** A block in two, for when a device refuses it and one of its points may be why. Undefined: it has only one. */
export function splitBlock({ points, table }: ReadBlock): [ReadBlock, ReadBlock] | undefined {
  if (points.length < 2) return undefined;
  const half = points.length >> 1;
  return [blockOf(table, points.slice(0, half)), blockOf(table, points.slice(half))];
}

export function areBits(table: ModbusTable): boolean {
  return table === 'coil' || table === 'discrete-input';
}

/** Registers, or bits. */
export function widthOf(point: ModbusPoint): number {
  return 'type' in point ? registersOf(point.type) : 1;
}

function blockOf(table: ModbusTable, points: readonly PlannedPoint[]): ReadBlock {
  const start = Math.min(...points.map(({ point }) => point.address));
  const end = Math.max(...points.map(({ point }) => point.address + widthOf(point)));
  return { table, start, count: end - start, points };
}
