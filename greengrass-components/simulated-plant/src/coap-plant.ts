import { encode } from 'cbor-x';
import { createServer, type IncomingMessage, ObserveWriteStream, type OutgoingMessage } from 'coap';
import type { StationReading, WaterQuality } from './pump-station.ts';
import type { WireFault } from './wire-faults.ts';

export interface CoapProcess {
  /** What a source shows; frozen ones show an earlier reading. */
  read(source: string): StationReading;
  faultOf(source: string): WireFault | undefined;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

/** s that an answer stays fresh (RFC 7252, 5.10.5). */
const MAX_AGE = 30;
const LOOK_EVERY_MS = 500;
/** m that the level must change by to be told. */
const LEVEL_STEP = 0.005;
/** ms after which it is told all the same, well before it goes stale */
const TELL_EVERY_MS = 15_000;

const PATHS: Readonly<Record<string, string>> = { '/tank': 'tank', '/ambient': 'ambient', '/quality': 'quality' };

/**
 * Sensors of the plant behind one CoAP server: `/tank` (JSON, can be observed), `/ambient` (CBOR) and `/quality` (SenML JSON in
 * several blocks).
 */
export async function startCoapPlant(
  process: CoapProcess,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const observers = new Set<ObserveWriteStream>();
  let told = Number.NaN;
  let toldAgo = 0;
  const server = createServer({ type: 'udp4', reuseAddr: false });
  server.on('error', () => {});
  server.on('request', (request: IncomingMessage, response: OutgoingMessage | ObserveWriteStream) => {
    response.on('error', () => {});
    const source = PATHS[request.url.split('?')[0] ?? ''];
    const fault = source === undefined ? undefined : process.faultOf(source);
    // A reset ends the exchange in the library's memory; the client, of course, hears of it, so nothing is sent at all.
    if (fault?.kind === 'dead') return;
    const answer = (): void => {
      response.statusCode = request.method !== 'GET' ? '4.05' : source === undefined ? '4.04' : '2.05';
      if (fault?.kind === 'exception') response.statusCode = '5.03';
      if (response.statusCode !== '2.05' || source === undefined) {
        response.end();
        return;
      }
      response.setOption('Max-Age', MAX_AGE as never);
      response.setOption('Content-Format', FORMATS[source] as never);
      const payload = payloadOf(source, process.read(source));
      if (source === 'tank' && response instanceof ObserveWriteStream) {
        observers.add(response);
        response.on('finish', () => observers.delete(response as ObserveWriteStream));
        response.write(payload);
      } else response.end(payload as never);
    };
    if (fault?.kind === 'slow') process.after(fault.delayMs, answer);
    else answer();
  });
  const tell = (): void => {
    timer = process.after(LOOK_EVERY_MS, tell);
    const fault = process.faultOf('tank');
    if (fault?.kind === 'dead' || fault?.kind === 'exception') return;
    const { level } = process.read('tank');
    toldAgo += LOOK_EVERY_MS;
    if (Math.abs(level - told) < LEVEL_STEP && toldAgo < TELL_EVERY_MS) return;
    told = level;
    toldAgo = 0;
    for (const observer of observers) observer.write(payloadOf('tank', process.read('tank')));
  };
  let timer = process.after(LOOK_EVERY_MS, tell);
  await new Promise<void>((resolve, reject) => {
    server.listen(port, '127.0.0.1', (error?: Error) => (error === undefined ? resolve() : reject(error)));
  });
  const socket = (server as unknown as { _sock: { address(): { port: number } } })._sock;
  return {
    port: socket.address().port,
    close: () => {
      timer.cancel();
      observers.clear();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Content-Formats (RFC 7252, 12.3; RFC 7049, 7.4; RFC 8428, 12.3.1). */
const FORMATS: Readonly<Record<string, string>> = {
  tank: 'application/json',
  ambient: 'application/cbor',
  quality: 'application/senml+json',
};

function payloadOf(source: string, { ambient, level, quality, time }: StationReading): Buffer {
  if (source === 'tank') return Buffer.from(JSON.stringify({ level, unit: 'm', height: 5 }));
  if (source === 'ambient') return encode(ambient);
  return Buffer.from(JSON.stringify(senmlOf(quality, time)));
}

const UNITS: Readonly<Record<keyof WaterQuality, string>> = {
  ph: 'pH',
  turbidity: 'NTU',
  chlorine: 'g/l',
  conductivity: 'S/m',
  temperature: 'Cel',
};

/** RFC 8428, 5: a pack with a base name and a base time, and the calibration of each channel, which makes it long. */
function senmlOf(quality: WaterQuality, time: number): object[] {
  const names = Object.keys(quality) as (keyof WaterQuality)[];
  const pack: object[] = names.map((name, at) => ({
    ...(at === 0 && { bn: 'urn:dev:mac:0024befffe804ff1/', bt: time / 1_000 }),
    n: name,
    u: UNITS[name],
    v: quality[name],
  }));
  for (const name of names) {
    for (let step = 0; step < 8; step++)
      pack.push({ n: `${name}/calibration/${step}`, v: Number((step * 1.25).toFixed(3)) });
  }
  return pack;
}
