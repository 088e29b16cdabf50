import type { ModbusTCPClient } from 'jsmodbus';
import type { ModbusPoint } from '../configuration/modbus-source.ts';
import { unscaled } from '../points/point-table.ts';
import { ModbusTrouble } from './modbus-connection.ts';
import { areBits, type ReadBlock, widthOf } from './poll-plan.ts';
import { decodeRegisters, encodeRegisters } from './register-codec.ts';

/** @returns raw values by the names of their points @throws ModbusTrouble when the answer is of another size */
export async function readBlock(client: ModbusTCPClient, block: ReadBlock): Promise<Map<string, number | boolean>> {
  const bytes = await bytesOf(client, block);
  const expected = areBits(block.table) ? Math.ceil(block.count / 8) : block.count * 2;
  if (bytes.length !== expected) {
    throw new ModbusTrouble('rubbish', `${bytes.length} bytes came where ${expected} were asked for`);
  }
  const values = new Map<string, number | boolean>();
  for (const { name, point } of block.points) {
    const at = point.address - block.start;
    if ('type' in point) values.set(name, decodeRegisters(bytes.subarray(2 * at, 2 * (at + widthOf(point))), point));
    else values.set(name, (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) === 1);
  }
  return values;
}

async function bytesOf(client: ModbusTCPClient, { count, start, table }: ReadBlock): Promise<Buffer> {
  switch (table) {
    case 'coil':
      return (await client.readCoils(start, count)).response.body.valuesAsBuffer;
    case 'discrete-input':
      return (await client.readDiscreteInputs(start, count)).response.body.valuesAsBuffer;
    case 'input-register':
      return (await client.readInputRegisters(start, count)).response.body.valuesAsBuffer;
    case 'holding-register':
      return (await client.readHoldingRegisters(start, count)).response.body.valuesAsBuffer;
  }
}

/** What to send for a value. @throws RangeError when the registers cannot hold it */
export function encodePoint(point: ModbusPoint, value: number | boolean): boolean | Buffer {
  if (!('type' in point)) return Boolean(value);
  return encodeRegisters(unscaled(Number(value), point), point);
}

/** @throws ModbusTrouble when the device did not echo what was asked for */
export async function writePoint(
  client: ModbusTCPClient,
  { address }: ModbusPoint,
  encoded: boolean | Buffer,
): Promise<void> {
  if (typeof encoded === 'boolean') {
    const { body } = (await client.writeSingleCoil(address, encoded)).response;
    return echoed(body.address === address && Boolean(body.value) === encoded);
  }
  if (encoded.length === 2) {
    const value = encoded.readUInt16BE();
    const { body } = (await client.writeSingleRegister(address, value)).response;
    return echoed(body.address === address && body.value === value);
  }
  const { body } = (await client.writeMultipleRegisters(address, encoded)).response;
  return echoed(body.start === address && body.quantity === encoded.length / 2);
}

function echoed(right: boolean): void {
  if (!right) throw new ModbusTrouble('rubbish', 'the device echoes another value than was sent');
}
