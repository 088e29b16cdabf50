import { type RegisterPoint, type RegisterType, registersOf } from '../configuration/modbus-source.ts';

type Encoding = Pick<RegisterPoint, 'type' | 'bit' | 'wordOrder' | 'byteOrder'>;

/**
 * Value of a point from the bytes of its registers, as they came (MODBUS Application Protocol V1.1b3, 4.2: big-endian), without
 * scale.
 * @throws RangeError when there are not as many bytes as the type has
 */
export function decodeRegisters(bytes: Buffer, point: Encoding): number | boolean {
  const length = 2 * registersOf(point.type);
  if (bytes.length !== length) throw new RangeError(`${point.type} has ${length} bytes, not ${bytes.length}`);
  const ordered = inOrder(bytes, point);
  switch (point.type) {
    case 'int16':
      return ordered.readInt16BE();
    case 'uint16':
      return ordered.readUInt16BE();
    case 'int32':
      return ordered.readInt32BE();
    case 'uint32':
      return ordered.readUInt32BE();
    case 'float32':
      return shortest(ordered.readFloatBE());
    case 'float64':
      return ordered.readDoubleBE();
    case 'bit':
      return ((ordered.readUInt16BE() >> (point.bit ?? 0)) & 1) === 1;
  }
}

const BOUNDS: Readonly<Record<Exclude<RegisterType, 'float32' | 'float64' | 'bit'>, readonly [number, number]>> = {
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
};

/**
 * Bytes of the registers for a value without scale; of whole numbers, the nearest.
 * @throws RangeError when the type cannot hold it
 */
export function encodeRegisters(value: number, point: Encoding): Buffer {
  const bytes = Buffer.alloc(2 * registersOf(point.type));
  const { type } = point;
  if (type === 'bit') throw new RangeError('a bit of a register cannot be written alone');
  if (type === 'float32' || type === 'float64') {
    const held = type === 'float32' ? Math.fround(value) : value;
    if (!Number.isFinite(held)) throw new RangeError(`${value} does not fit ${type}`);
    if (type === 'float32') bytes.writeFloatBE(held);
    else bytes.writeDoubleBE(held);
    return inOrder(bytes, point);
  }
  const whole = Math.round(value);
  const [least, most] = BOUNDS[type];
  if (!(whole >= least && whole <= most)) throw new RangeError(`${value} does not fit ${type}`);
  if (type === 'int16') bytes.writeInt16BE(whole);
  else if (type === 'uint16') bytes.writeUInt16BE(whole);
  else if (type === 'int32') bytes.writeInt32BE(whole);
  else bytes.writeUInt32BE(whole);
  return inOrder(bytes, point);
}

/** From the device's order to big-endian or back: both are the same exchange. */
function inOrder(bytes: Buffer, { byteOrder, wordOrder }: Encoding): Buffer {
  const ordered = Buffer.from(bytes);
  if (wordOrder === 'little' && ordered.length > 2) {
    ordered.reverse();
    ordered.swap16();
  }
  if (byteOrder === 'little') ordered.swap16();
  return ordered;
}

/** The shortest decimal number that is this 32-bit float: 3.14 and not 3.140000104904175. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
