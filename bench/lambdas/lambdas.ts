import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../cli/processes/synthesize.ts';
import type { BenchOptions } from '../bench-options.ts';
import { type DeployedFunction, deployedFunctions } from './deployed-functions.ts';
import { type IngestPath, measureIngestPath, median } from './ingest-path.ts';
import { measureStart } from './measure-start.ts';

const ROUNDS = 9;
/** Bytes of a bundle, and of one that holds the client of the IoT control plane. */
const MOST_BYTES = 400 * 1024;
const MOST_BYTES_CONTROL_PLANE = 600 * 1024;
/** Of an empty handler's start. */
const MOST_START = 3;

interface FunctionFigures {
  readonly name: string;
  readonly kilobytes: number;
  readonly mostKilobytes: number;
  /** ms to a loaded handler, in the local cloud's runtime on this machine */
  readonly startMilliseconds: number;
  /** Of the start of an empty handler in the same run. */
  readonly ratio: number;
}

interface LambdasResult {
  readonly bench: 'lambdas';
  readonly emptyMilliseconds: number;
  readonly functions: readonly FunctionFigures[];
  readonly ingest: readonly IngestPath[];
  readonly tooLarge: readonly string[];
  readonly tooSlow: readonly string[];
}

/** Size and start of each function's bundle beside an empty handler's, and the ingest path beside `JSON.parse`. */
export async function run({ json }: BenchOptions): Promise<LambdasResult> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-lambdas-'));
  const say = (text: string): void => void (json || process.stdout.write(`${text}\n`));
  try {
    say('synthesizing the CDK app');
    const assembly = join(directory, 'cdk.out');
    await synthesize(assembly);
    const functions = deployedFunctions(assembly);
    const empty = emptyFunction(join(directory, 'empty'));
    const starts = await measureStarts([empty, ...functions]);
    const emptyMilliseconds = starts.get(empty.name) as number;
    const figures = functions.map((each) => figuresOf(each, starts.get(each.name) as number, emptyMilliseconds));
    say(`an empty handler starts in ${emptyMilliseconds.toFixed(0)} ms; medians of ${ROUNDS}`);
    for (const { kilobytes, mostKilobytes, name, ratio, startMilliseconds } of figures) {
      const size = `${kilobytes.toFixed(0)} KB of ${mostKilobytes}`;
      say(
        `${name.padEnd(26)} ${size.padStart(14)}   ${startMilliseconds.toFixed(0).padStart(4)} ms   × ${ratio.toFixed(2)}`,
      );
    }
    const ingest = [await measureIngestPath(1), await measureIngestPath(10)];
    for (const { microseconds, parseMicroseconds, ratio, samplesPerMessage } of ingest) {
      say(
        `ingest, ${samplesPerMessage} a message: ${microseconds.toFixed(2)} µs a sample, JSON.parse ${parseMicroseconds.toFixed(2)} µs, × ${ratio.toFixed(2)}`,
      );
    }
    return {
      bench: 'lambdas',
      emptyMilliseconds,
      functions: figures,
      ingest,
      tooLarge: figures.filter(({ kilobytes, mostKilobytes }) => kilobytes > mostKilobytes).map(({ name }) => name),
      tooSlow: figures.filter(({ ratio }) => ratio > MOST_START).map(({ name }) => name),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function figuresOf(deployed: DeployedFunction, startMilliseconds: number, empty: number): FunctionFigures {
  return {
    name: deployed.name,
    kilobytes: deployed.size / 1024,
    mostKilobytes: (deployed.controlPlane ? MOST_BYTES_CONTROL_PLANE : MOST_BYTES) / 1024,
    startMilliseconds,
    ratio: startMilliseconds / empty,
  };
}

/** Round by round, so that what else the machine does meets all of them. */
async function measureStarts(functions: readonly DeployedFunction[]): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number[]>(functions.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of functions) taken.get(each.name)?.push(await measureStart(each));
  }
  return new Map([...taken].map(([name, figures]) => [name, median(figures)]));
}

function emptyFunction(code: string): DeployedFunction {
  mkdirSync(code);
  writeFileSync(join(code, 'index.js'), 'exports.handler = async () => {};\n');
  return {
    name: '(empty)',
    code,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    variables: {},
    size: 0,
    controlPlane: false,
  };
}
