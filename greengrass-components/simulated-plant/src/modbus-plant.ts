import { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ModbusAbstractRequest, ModbusTCPServer, responses } from 'jsmodbus';
import { coilsOf, discreteInputsOf, holdingRegistersOf, inputRegistersOf } from './modbus-registers.ts';
import type { PumpNumber } from './process-faults.ts';
import type { PumpReading } from './pump-station.ts';
import { pumpSource, type WireFault } from './wire-faults.ts';

/** MODBUS Application Protocol V1.1b3, 7. */
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;
const DEVICE_FAILURE = 4;
const NO_TARGET = 11;

export interface ModbusProcess {
  /** What the pump's instruments show; frozen ones show an earlier reading. */
  read(pump: PumpNumber): PumpReading;
  /** @throws RangeError */
  order(pump: PumpNumber, order: { run?: boolean; setpoint?: number }): void;
  faultOf(source: string): WireFault | undefined;
  after(milliseconds: number, task: () => void): unknown;
}

type Answer = (payload: Buffer) => void;
type Body = InstanceType<(typeof responses)['ModbusResponseBody']>;
interface TcpRequest {
  readonly id: number;
  readonly unitId: number;
  readonly body: { readonly fc: number };
}

class Refusal extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exception ${code}`);
    this.code = code;
  }
}

/** Three pumps as units 1 to 3 of one Modbus TCP server. @returns the port it has */
export async function startModbusPlant(
  process: ModbusProcess,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const emitter = new EventEmitter() as Server;
  // Without buffers of its own the library asks for each answer.
  const none = { coils: undefined, discrete: undefined, holding: undefined, input: undefined };
  const modbus = new ModbusTCPServer(emitter, none as never);
  const serve = (event: string, answer: (request: TcpRequest, pump: PumpNumber) => Body): void => {
    modbus.on(event as 'readCoils', (abstract: ModbusAbstractRequest, send: Answer) => {
      const request = abstract as unknown as TcpRequest;
      const source = pumpSource(request.unitId);
      const fault = source === undefined ? undefined : process.faultOf(source);
      if (fault?.kind === 'dead') return;
      const body = bodyOf(request, () => {
        if (source === undefined) throw new Refusal(NO_TARGET);
        if (fault?.kind === 'exception') throw new Refusal(DEVICE_FAILURE);
        return answer(request, request.unitId as PumpNumber);
      });
      const payload = framed(request, body.createPayload());
      if (fault?.kind === 'slow') process.after(fault.delayMs, () => send(payload));
      else send(payload);
    });
  };
  const bits = (request: TcpRequest, all: readonly boolean[]): boolean[] => {
    const { count, start } = request.body as unknown as { start: number; count: number };
    if (start + count > all.length) throw new Refusal(ILLEGAL_ADDRESS);
    return all.slice(start, start + count);
  };
  const registers = (request: TcpRequest, all: Buffer): Buffer => {
    const { count, start } = request.body as unknown as { start: number; count: number };
    if (start + count > all.length / 2) throw new Refusal(ILLEGAL_ADDRESS);
    return all.subarray(2 * start, 2 * (start + count));
  };
  serve('readCoils', (request, pump) => {
    const values = bits(request, coilsOf(process.read(pump)));
    return new responses.ReadCoilsResponseBody(packed(values), Math.ceil(values.length / 8));
  });
  serve('readDiscreteInputs', (request, pump) => {
    const values = bits(request, discreteInputsOf(process.read(pump)));
    return new responses.ReadDiscreteInputsResponseBody(packed(values), Math.ceil(values.length / 8));
  });
  serve('readInputRegisters', (request, pump) => {
    const bytes = registers(request, inputRegistersOf(process.read(pump)));
    return new responses.ReadInputRegistersResponseBody(bytes.length, bytes);
  });
  serve('readHoldingRegisters', (request, pump) => {
    const bytes = registers(request, holdingRegistersOf(process.read(pump)));
    return new responses.ReadHoldingRegistersResponseBody(bytes.length, bytes);
  });
  serve('writeSingleCoil', (request, pump) => {
    const { address, value } = request.body as unknown as { address: number; value: number };
    if (address !== 0) throw new Refusal(ILLEGAL_ADDRESS);
    process.order(pump, { run: value === 0xff00 });
    return responses.WriteSingleCoilResponseBody.fromRequest(request.body as never);
  });
  serve('writeSingleRegister', (request, pump) => {
    const { address, value } = request.body as unknown as { address: number; value: number };
    if (address !== 0) throw new Refusal(ILLEGAL_ADDRESS);
    process.order(pump, { setpoint: value });
    return responses.WriteSingleRegisterResponseBody.fromRequest(request.body as never);
  });
  for (const event of ['writeMultipleCoils', 'writeMultipleRegisters']) {
    serve(event, () => {
      throw new Refusal(ILLEGAL_ADDRESS);
    });
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const inner = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        socket.write(chunk, () => done());
      },
    });
    inner.on('error', () => {});
    emitter.emit('connection', inner as Socket);
    // What the library cannot read makes it throw: that costs the client its connection, and nobody else.
    socket.on('data', (data) => {
      try {
        inner.emit('data', data);
      } catch {
        socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  server.on('error', () => {});
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** MODBUS Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol 0, length with the unit, unit. */
function framed({ id, unitId }: TcpRequest, body: Buffer): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(body.length + 1, 4);
  header.writeUInt8(unitId, 6);
  return Buffer.concat([header, body]);
}

function bodyOf(request: TcpRequest, answer: () => Body): Body {
  try {
    return answer();
  } catch (error) {
    const code = error instanceof Refusal ? error.code : error instanceof RangeError ? ILLEGAL_VALUE : DEVICE_FAILURE;
    return new responses.ExceptionResponseBody(request.body.fc as never, code as never);
  }
}

/** Bits in bytes, the first the least significant (MODBUS Application Protocol V1.1b3, 6.1). */
function packed(values: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8));
  values.forEach((value, at) => {
    if (value) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  });
  return bytes;
}
