import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { request as coapRequest } from 'coap';
import { ModbusTCPClient } from 'jsmodbus';
import { createSimulatedPlant, PLANT_SOURCES, type PlantSource, plantSources, type SimulatedPlant } from './index.ts';

const START = Date.UTC(2026, 0, 10, 9);
let now = START;
let plant: SimulatedPlant;
const sockets: Socket[] = [];

const clock = {
  now: () => now,
  after(milliseconds: number, task: () => void) {
    const timer = setTimeout(task, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};

beforeEach(async () => {
  now = START;
  plant = await createSimulatedPlant({ clock, seed: 2 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await plant.close();
});

async function unit(number: number): Promise<ModbusTCPClient> {
  const socket = new Socket();
  const client = new ModbusTCPClient(socket, number, 300);
  sockets.push(socket);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(plant.ports.modbus, '127.0.0.1', resolve));
  return client;
}

const pressureOf = async (client: ModbusTCPClient) =>
  ((await client.readInputRegisters(0, 1)).response.body.valuesAsBuffer.readUInt16BE() ?? 0) / 100;

/** Code and first bytes of an answer. */
function get(pathname: string): Promise<string> {
  return new Promise((resolve) => {
    const request = coapRequest({ host: '127.0.0.1', port: plant.ports.coap, pathname });
    request.on('error', () => {});
    request.on('response', ({ code, payload }) => resolve(`${code} ${payload.subarray(0, 10).toString()}`));
    request.end();
  });
}

test('registers show what the process is like, by the clock', async () => {
  const client = await unit(1);
  expect(await pressureOf(client)).toBe(plant.reading.pumps[1].pressure);
  now += 60_000;
  expect(await pressureOf(client)).toBe(plant.reading.pumps[1].pressure);
  expect(plant.reading.time).toBe(START + 60_000);
});

test('orders change the process, and those out of range are refused', async () => {
  const client = await unit(3);
  await client.writeSingleCoil(0, true);
  await client.writeSingleRegister(0, 1_000);
  now += 60_000;
  expect(plant.reading.pumps[3]).toMatchObject({ running: true, setpoint: 1_000 });
  expect(plant.reading.pumps[3].speed).toBeGreaterThan(600);
  await expect(client.writeSingleRegister(0, 100)).rejects.toMatchObject({ err: 'ModbusException' });
  await expect(client.readInputRegisters(5, 100)).rejects.toMatchObject({ err: 'ModbusException' });
});

test('sensors can be dead, frozen, slow and refuse', async () => {
  const client = await unit(1);
  const before = await pressureOf(client);
  plant.disturb('pump-1', { kind: 'frozen' });
  plant.inject({ kind: 'dead-head', pump: 1 });
  now += 600_000;
  expect(await pressureOf(client)).toBe(before);
  expect(plant.reading.pumps[1].flow).toBeLessThan(2);
  plant.disturb('pump-1', { kind: 'exception' });
  await expect(pressureOf(client)).rejects.toMatchObject({ err: 'ModbusException' });
  plant.disturb('pump-1', { kind: 'dead' });
  await expect(pressureOf(client)).rejects.toMatchObject({ err: 'Timeout' });
  plant.disturb('pump-1', { kind: 'slow', delayMs: 100 });
  const begun = performance.now();
  expect(await pressureOf(client)).not.toBe(before);
  expect(performance.now() - begun).toBeGreaterThan(90);
  expect(() => plant.disturb('pump-7' as PlantSource, undefined)).toThrow(RangeError);
});

test('the CoAP server has its resources, and no others', async () => {
  expect(await get('/tank')).toMatch(/^2\.05 \{"level":/);
  expect(await get('/quality')).toMatch(/^2\.05 /);
  expect(await get('/nothing')).toMatch(/^4\.04/);
  plant.disturb('tank', { kind: 'exception' });
  expect(await get('/tank')).toMatch(/^5\.03/);
});

test('rubbish on its ports leaves it standing', async () => {
  for (const hex of ['00', 'ff'.repeat(300), '000100000006010f000000ff', '00010000000601100000ffff02']) {
    const socket = new Socket();
    sockets.push(socket);
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.connect(plant.ports.modbus, '127.0.0.1', resolve));
    socket.write(Buffer.from(hex, 'hex'));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await pressureOf(await unit(2))).toBe(plant.reading.pumps[2].pressure);
});

test('the configuration for the gateway names every source', () => {
  expect(Object.keys(plantSources(plant.ports))).toEqual([...PLANT_SOURCES]);
});

test('as a process it prints its ports and sources, does what it is told, and ends when asked to', async () => {
  const main = 'greengrass-components/simulated-plant/src/main.ts';
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--json', '--seed', '3']);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? '{}');
  const tell = (command: unknown): Promise<unknown> => {
    child.stdin.write(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`);
    return next();
  };
  expect(await next()).toMatchObject({
    ports: { modbus: expect.any(Number), coap: expect.any(Number) },
    sources: { 'pump-1': { protocol: 'modbus-tcp', unit: 1 }, tank: { protocol: 'coap' } },
  });
  expect(await tell({ inject: { kind: 'dead-head', pump: 1 } })).toEqual({ ok: true });
  const flow = async () =>
    ((await tell({ read: true })) as { reading: { pumps: { 1: { flow: number } } } }).reading.pumps[1].flow;
  const reached = async (holds: (flow: number) => boolean): Promise<void> => {
    while (!holds(await flow())) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await reached((now) => now < 2);
  expect(await tell({ recover: true })).toEqual({ ok: true });
  await reached((now) => now > 30);
  expect(await tell({ disturb: 'tank', fault: { kind: 'dead' } })).toEqual({ ok: true });
  expect(await tell({ disturb: 'tank', fault: null })).toEqual({ ok: true });
  expect(await tell({ inject: { kind: 'fire' } })).toMatchObject({ ok: false });
  expect(await tell('rubbish')).toMatchObject({ ok: false });
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
});
