import { arn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { runMachine, Stopped, type World } from './asl/interpreter.ts';
import { StateError } from './asl/state-error.ts';
import { readDefinition } from './asl/validate.ts';
import { lambdaTask } from './lambda-task.ts';
import { MAX_CLOSED_EXECUTIONS, MAX_HISTORY_EVENTS, MAX_PAYLOAD_BYTES } from './limits.ts';
import { checkName, type MachineRecord } from './machines.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

/** An execution as it is kept on disk. Times are ms since the epoch. */
export interface ExecutionRecord {
  readonly arn: string;
  readonly machineArn: string;
  readonly machineName: string;
  readonly name: string;
  readonly express: boolean;
  readonly status: ExecutionStatus;
  readonly definition: string;
  readonly roleArn: string;
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly startedAt: number;
  readonly stoppedAt?: number;
  /** Where it stands: a restart goes on from the state that it was in. */
  readonly at?: { readonly state: string; readonly input: unknown; readonly enteredAt: number };
}

export interface HistoryEvent {
  readonly time: number;
  readonly type: string;
  readonly details?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * Executions of all state machines.
 *
 * INVARIANT: an execution is on disk before StartExecution answers; its place follows as states are reached. After a
 * crash the last place on disk is run again: at least once, where AWS's standard workflows promise exactly once.
 */
export class Executions {
  readonly context: CloudContext;
  readonly #records: Collection<ExecutionRecord>;
  readonly #history: Collection<HistoryEvent[]>;
  readonly #running = new Map<string, Running>();
  #closing = false;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('sfn/executions');
    this.#history = context.store.collection('sfn/history');
  }

  /** Takes up what an earlier run of the cloud has begun. */
  resume(): void {
    for (const record of this.#records.values()) if (record.status === 'RUNNING') this.#run(record);
  }

  /** Ends all work; what runs is taken up at the next start. */
  async stop(): Promise<void> {
    this.#closing = true;
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  /** @throws AwsError `InvalidName`, `InvalidExecutionInput`, `ExecutionAlreadyExists` */
  async start(machine: MachineRecord, name: string | undefined, input = '{}'): Promise<ExecutionRecord> {
    const { account, clock, entropy, store } = this.context;
    const own = name ?? uuid(entropy);
    checkName(own);
    checkInput(input);
    const express = machine.type === 'EXPRESS';
    const executionArn = arn(
      account,
      'states',
      express ? `express:${machine.name}:${own}:${uuid(entropy)}` : `execution:${machine.name}:${own}`,
    );
    const known = this.#records.get(executionArn);
    if (known !== undefined) {
      if (known.status === 'RUNNING' && known.input === input) return known;
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`, 400);
    }
    const record: ExecutionRecord = {
      arn: executionArn,
      machineArn: machine.arn,
      machineName: machine.name,
      name: own,
      express,
      status: 'RUNNING',
      definition: machine.definition,
      roleArn: machine.roleArn,
      input,
      startedAt: clock.now(),
    };
    this.#records.put(executionArn, record);
    this.#note(record, 'ExecutionStarted', { executionStartedEventDetails: { input, roleArn: machine.roleArn } });
    await store.durable();
    this.#run(record);
    return record;
  }

  /** @throws AwsError `InvalidArn`, `ExecutionDoesNotExist` */
  require(executionArn: string | undefined): ExecutionRecord {
    const record = this.#records.get(executionArn ?? '');
    if (record !== undefined && !record.express) return record;
    if (!/^arn:aws:states:[a-z0-9-]+:\d{12}:execution:[^:]+:[^:]+$/.test(executionArn ?? '')) {
      throw new AwsError('InvalidArn', `Invalid Arn: '${executionArn}'`, 400);
    }
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`, 400);
  }

  /** Latest first. */
  of(machineArn: string): ExecutionRecord[] {
    return [...this.#records.values()]
      .filter((record) => record.machineArn === machineArn && !record.express)
      .sort((a, b) => b.startedAt - a.startedAt || (a.arn < b.arn ? -1 : 1));
  }

  history(record: ExecutionRecord): readonly HistoryEvent[] {
    return this.#history.get(record.arn) ?? [];
  }

  /** Stopping what has ended changes nothing. */
  async abort(record: ExecutionRecord, error: string | undefined, cause: string | undefined): Promise<ExecutionRecord> {
    const current = this.#records.get(record.arn) as ExecutionRecord;
    if (current.status !== 'RUNNING') return current;
    const ended = this.#end(current, 'ABORTED', {
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.#running.get(record.arn)?.abort.abort();
    await this.context.store.durable();
    return ended;
  }

  #run(record: ExecutionRecord): void {
    const abort = new AbortController();
    const done = this.#interpret(record, abort.signal)
      .catch((error: unknown) => {
        this.context.log('error', 'an execution failed inside the cloud', {
          execution: record.arn,
          error: messageOf(error),
        });
      })
      .finally(() => this.#running.delete(record.arn));
    this.#running.set(record.arn, { abort, done });
  }

  async #interpret(record: ExecutionRecord, signal: AbortSignal): Promise<void> {
    const { context } = this;
    const machine = readDefinition(record.definition);
    const input = JSON.parse(record.input) as unknown;
    const world: World = {
      clock: context.clock,
      signal,
      task: (resource, payload) => lambdaTask(context, record.roleArn, record.arn, resource, payload),
      entered: (type, name, data) =>
        this.#note(record, `${type}StateEntered`, { stateEnteredEventDetails: { name, input: JSON.stringify(data) } }),
      exited: (type, name, data) => {
        if (type === 'Fail') return;
        this.#note(record, `${type}StateExited`, { stateExitedEventDetails: { name, output: JSON.stringify(data) } });
      },
    };
    const contextObject = {
      Execution: {
        Id: record.arn,
        Input: input,
        Name: record.name,
        RoleArn: record.roleArn,
        StartTime: new Date(record.startedAt).toISOString(),
      },
      StateMachine: { Id: record.machineArn, Name: record.machineName },
    };
    const start = record.at ?? { state: machine.StartAt, input };
    try {
      const output = await runMachine(machine, start, contextObject, world, (state, data, enteredAt) => {
        this.#records.put(record.arn, { ...record, at: { state, input: data, enteredAt } });
      });
      this.#finish(record, 'SUCCEEDED', { output: JSON.stringify(output) });
    } catch (error) {
      if (error instanceof Stopped) return;
      if (!(error instanceof StateError)) throw error;
      this.#finish(record, 'FAILED', { error: error.code, cause: error.message });
    }
    await context.store.durable();
  }

  /** An execution that was aborted meanwhile stays aborted; one that the cloud's stop has broken off goes on later. */
  #finish(
    record: ExecutionRecord,
    status: ExecutionStatus,
    result: Pick<Partial<ExecutionRecord>, 'output' | 'error' | 'cause'>,
  ): void {
    const current = this.#records.get(record.arn);
    if (current?.status !== 'RUNNING' || (this.#closing && status === 'FAILED')) return;
    this.#end(current, status, result);
  }

  #end(
    record: ExecutionRecord,
    status: ExecutionStatus,
    result: Pick<Partial<ExecutionRecord>, 'output' | 'error' | 'cause'>,
  ): ExecutionRecord {
    const { at: _at, ...rest } = record;
    const ended: ExecutionRecord = { ...rest, ...result, status, stoppedAt: this.context.clock.now() };
    this.#records.put(record.arn, ended);
    const word = status.charAt(0) + status.slice(1).toLowerCase();
    const { output, error, cause } = result;
    const details = {
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    };
    this.#note(ended, `Execution${word}`, { [`execution${word}EventDetails`]: details });
    this.#forgetOld(record.machineArn);
    return ended;
  }

  #note(record: ExecutionRecord, type: string, details: HistoryEvent['details']): void {
    const events = this.#history.get(record.arn) ?? [];
    if (events.length >= MAX_HISTORY_EVENTS && !type.startsWith('Execution')) {
      throw new StateError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MAX_HISTORY_EVENTS}).`,
      );
    }
    events.push({ time: this.context.clock.now(), type, ...(details === undefined ? {} : { details }) });
    this.#history.put(record.arn, events);
  }

  #forgetOld(machineArn: string): void {
    const closed = [...this.#records.values()].filter(
      (record) => record.machineArn === machineArn && record.status !== 'RUNNING',
    );
    if (closed.length <= MAX_CLOSED_EXECUTIONS) return;
    const [oldest] = closed.sort((a, b) => a.startedAt - b.startedAt);
    this.#records.delete((oldest as ExecutionRecord).arn);
    this.#history.delete((oldest as ExecutionRecord).arn);
  }
}

function checkInput(input: string): void {
  try {
    JSON.parse(input);
  } catch {
    throw new AwsError('InvalidExecutionInput', "Invalid State Machine Execution Input: 'the input is no JSON'", 400);
  }
  if (Buffer.byteLength(input) > MAX_PAYLOAD_BYTES) {
    throw new AwsError('InvalidExecutionInput', 'Invalid State Machine Execution Input: the input is too large', 400);
  }
}
