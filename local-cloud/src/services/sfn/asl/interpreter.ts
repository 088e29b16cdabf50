import { type Clock, sleep } from '../../../core/clock.ts';
import {
  DEFAULT_BACKOFF,
  DEFAULT_INTERVAL,
  DEFAULT_MAX_ATTEMPTS,
  MAX_MAP_CONCURRENCY,
  MAX_PAYLOAD_BYTES,
  MAX_WAIT,
} from '../limits.ts';
import { holds } from './choice.ts';
import type { Catcher, Machine, Retrier, State } from './definition.ts';
import { readPath, writePath } from './json-path.ts';
import { fillTemplate } from './payload-template.ts';
import { StateError } from './state-error.ts';

/** What an interpreter needs of the world. */
export interface World {
  readonly clock: Clock;
  /** Aborted when the execution is stopped, or the cloud. */
  readonly signal: AbortSignal;
  /** @throws StateError */
  task(resource: string, input: unknown): Promise<unknown>;
  entered(type: State['Type'], name: string, input: unknown): void;
  exited(type: State['Type'], name: string, output: unknown): void;
}

export class Stopped extends Error {
  override readonly name = 'Stopped';
}

interface Start {
  readonly state: string;
  readonly input: unknown;
  /** ms since the epoch: when the state was entered, in an earlier run of the cloud */
  readonly enteredAt?: number;
}

/**
 * Runs a machine from a state to its end and answers its output.
 * @param reached told of every state of this machine before it runs
 * @throws StateError, Stopped
 */
export async function runMachine(
  machine: Machine,
  start: Start,
  context: Readonly<Record<string, unknown>>,
  world: World,
  reached: (state: string, input: unknown, enteredAt: number) => void = () => {},
): Promise<unknown> {
  let name: string | undefined = start.state;
  let data = start.input;
  let resumedAt = start.enteredAt;
  while (name !== undefined) {
    if (world.signal.aborted) throw new Stopped();
    const state = machine.States[name] as State;
    const enteredAt = resumedAt ?? world.clock.now();
    resumedAt = undefined;
    reached(name, data, enteredAt);
    world.entered(state.Type, name, data);
    const inner = { ...context, State: { Name: name, EnteredTime: new Date(enteredAt).toISOString() } };
    const { output, next } = await runState(state, data, inner, world, enteredAt);
    if (Buffer.byteLength(JSON.stringify(output) ?? 'null') > MAX_PAYLOAD_BYTES) {
      throw new StateError(
        'States.DataLimitExceeded',
        `The state '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
      );
    }
    world.exited(state.Type, name, output);
    data = output;
    name = next;
  }
  return data;
}

interface Step {
  readonly output: unknown;
  readonly next: string | undefined;
}

async function runState(
  state: State,
  raw: unknown,
  context: Record<string, unknown>,
  world: World,
  enteredAt: number,
): Promise<Step> {
  const attempts = new Map<Retrier, number>();
  for (;;) {
    try {
      return await attempt(state, raw, context, world, enteredAt);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const retrier = state.Retry?.find(({ ErrorEquals }) => error.matches(ErrorEquals));
      const made = retrier === undefined ? 0 : (attempts.get(retrier) ?? 0);
      if (retrier !== undefined && made < (retrier.MaxAttempts ?? DEFAULT_MAX_ATTEMPTS)) {
        attempts.set(retrier, made + 1);
        const delay = (retrier.IntervalSeconds ?? DEFAULT_INTERVAL) * (retrier.BackoffRate ?? DEFAULT_BACKOFF) ** made;
        await sleep(
          world.clock,
          Math.min(delay, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY) * 1000,
          world.signal,
        );
        if (world.signal.aborted) throw new Stopped();
        continue;
      }
      const catcher = state.Catch?.find(({ ErrorEquals }) => error.matches(ErrorEquals));
      if (catcher === undefined) throw error;
      return { output: caught(catcher, raw, error), next: catcher.Next };
    }
  }
}

function caught(catcher: Catcher, raw: unknown, error: StateError): unknown {
  const output = { Error: error.code, Cause: error.message };
  if (catcher.ResultPath === null) return raw;
  return writePath(catcher.ResultPath ?? '$', raw, output);
}

async function attempt(
  state: State,
  raw: unknown,
  context: Record<string, unknown>,
  world: World,
  enteredAt: number,
): Promise<Step> {
  const select = (path: string | null | undefined, value: unknown): unknown =>
    path === null ? {} : readPath(path ?? '$', value, context, 'States.Runtime');
  const input = state.Type === 'Fail' ? raw : select(state.InputPath, raw);
  // Parameters of a Map are the selector of its items.
  const effective =
    state.Parameters === undefined || state.Type === 'Map' ? input : fillTemplate(state.Parameters, input, context);
  const done = (output: unknown): Step => ({ output: select(state.OutputPath, output), next: state.Next });
  const withResult = (result: unknown): Step => {
    const selected = state.ResultSelector === undefined ? result : fillTemplate(state.ResultSelector, result, context);
    return done(state.ResultPath === null ? raw : writePath(state.ResultPath ?? '$', raw, selected));
  };
  switch (state.Type) {
    case 'Pass':
      return withResult(state.Result ?? effective);
    case 'Succeed':
      return done(input);
    case 'Fail':
      throw new StateError(
        String(state.ErrorPath === undefined ? (state.Error ?? '') : readPath(state.ErrorPath, raw, context)),
        String(state.CausePath === undefined ? (state.Cause ?? '') : readPath(state.CausePath, raw, context)),
      );
    case 'Wait': {
      const until = waitEnd(state, input, context, enteredAt);
      await sleep(world.clock, Math.max(0, until - world.clock.now()), world.signal);
      if (world.signal.aborted) throw new Stopped();
      return done(input);
    }
    case 'Choice': {
      const rule = state.Choices?.find((one) => holds(one, input, context));
      const next = rule?.Next ?? state.Default;
      if (next === undefined)
        throw new StateError(
          'States.NoChoiceMatched',
          'Failed to transition out of the state: no rule matched and there is no Default.',
        );
      return { ...done(input), next };
    }
    case 'Task':
      return withResult(await world.task(state.Resource as string, effective));
    case 'Parallel': {
      const branches = state.Branches ?? [];
      return withResult(
        await together(branches.length, branches.length, world, (index, inner) => {
          const branch = branches[index] as Machine;
          return runMachine(branch, { state: branch.StartAt, input: effective }, context, inner);
        }),
      );
    }
    case 'Map':
      return withResult(await runMap(state, input, context, world));
  }
}

function runMap(state: State, input: unknown, context: Record<string, unknown>, world: World): Promise<unknown[]> {
  const items = readPath(state.ItemsPath ?? '$', input, context, 'States.Runtime');
  if (!Array.isArray(items))
    throw new StateError('States.Runtime', `Reference path "${state.ItemsPath ?? '$'}" must point to array.`);
  const machine = (state.ItemProcessor ?? state.Iterator) as Machine;
  const most =
    state.MaxConcurrency === undefined || state.MaxConcurrency === 0 ? MAX_MAP_CONCURRENCY : state.MaxConcurrency;
  const template = state.ItemSelector ?? state.Parameters;
  return together(items.length, Math.min(most, MAX_MAP_CONCURRENCY), world, (index, inner) => {
    const own = { ...context, Map: { Item: { Index: index, Value: items[index] as unknown } } };
    const item = template === undefined ? (items[index] as unknown) : fillTemplate(template, input, own);
    return runMachine(machine, { state: machine.StartAt, input: item }, own, inner);
  });
}

/** Runs several machines at once; the first failure ends the others. */
async function together(
  count: number,
  most: number,
  world: World,
  run: (index: number, world: World) => Promise<unknown>,
): Promise<unknown[]> {
  const abort = new AbortController();
  const inner: World = { ...world, signal: AbortSignal.any([world.signal, abort.signal]) };
  const results = new Array<unknown>(count);
  let next = 0;
  let failure: unknown;
  const worker = async (): Promise<void> => {
    while (next < count && failure === undefined) {
      const index = next++;
      try {
        results[index] = await run(index, inner);
      } catch (error) {
        failure ??= error;
        abort.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, most) }, worker));
  if (failure !== undefined) throw failure;
  return results;
}

/** ms since the epoch */
function waitEnd(state: State, input: unknown, context: unknown, enteredAt: number): number {
  const time =
    state.TimestampPath === undefined
      ? state.Timestamp
      : readPath(state.TimestampPath, input, context, 'States.Runtime');
  if (time !== undefined) {
    const until = Date.parse(String(time));
    if (Number.isNaN(until)) throw new StateError('States.Runtime', `'${String(time)}' is no timestamp`);
    return until;
  }
  const seconds =
    state.SecondsPath === undefined ? state.Seconds : readPath(state.SecondsPath, input, context, 'States.Runtime');
  if (typeof seconds !== 'number' || seconds < 0 || seconds > MAX_WAIT) {
    throw new StateError('States.Runtime', `The seconds to wait must be a number from 0 to ${MAX_WAIT}`);
  }
  return enteredAt + seconds * 1000;
}
