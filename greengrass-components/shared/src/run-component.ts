import * as model from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import type * as z from 'zod';
import type { Component, ComponentHost, ComponentLog } from './component.ts';
import { connectNucleus, type IpcClient } from './ipc/connect-nucleus.ts';
import { followConfiguration, getConfiguration } from './ipc/follow-configuration.ts';
import { createCloudBus, createLocalBus } from './ipc/ipc-buses.ts';
import { createShadowPort } from './ipc/ipc-shadows.ts';
import { createJsonLog } from './json-log.ts';
import { LiveConfiguration } from './live-configuration.ts';
import { readEnvironment } from './runtime-environment.ts';
import { systemClock } from './system-clock.ts';

/** ms in which a component must stop: the nucleus kills what has not ended 5 s after it was asked to. */
const STOP_BOUND = 4_000;
/** ms to tell the nucleus of a failure, or to take leave */
const FAREWELL_BOUND = 500;
const KEEP_ALIVE = 2_147_483_647;

type Reason = { readonly kind: 'asked' } | { readonly kind: 'failed'; readonly message: string };

/**
 * Runs a component in this process, under a Greengrass nucleus, until the nucleus asks it to stop. Never returns before.
 *
 * INVARIANTS
 * - RUNNING is told after `start` has resolved. A start that fails, a configuration that the schema refuses at the start,
 *   an error that nobody caught and a lost connection with the nucleus end the process with code 1, for the nucleus to start
 *   it again or to give the deployment up.
 * - The process ends within {@link STOP_BOUND} after SIGTERM, whatever the component does.
 */
export function runComponent<S extends z.ZodType>(component: Component<z.output<S>>, schema: S): void {
  const log = createJsonLog((line) => void process.stdout.write(line), systemClock.now);
  // A nucleus that is gone reads no log; the lost connection ends this process.
  process.stdout.on('error', () => {});
  const abort = new AbortController();
  const keptAlive = setInterval(() => {}, KEEP_ALIVE);
  let started: Promise<void> | undefined;
  let client: IpcClient | undefined;
  let running = false;
  let leaving = false;

  const leave = async (reason: Reason): Promise<void> => {
    if (leaving) return;
    leaving = true;
    if (reason.kind === 'failed')
      log.error('the component fails', { component: component.name, reason: reason.message });
    abort.abort();
    if (reason.kind === 'failed' && !running && client !== undefined) {
      await isWithin(report(client, model.ReportedLifecycleState.ERRORED, log), FAREWELL_BOUND, log);
    }
    const stopped = started?.catch(() => {}).then(() => component.stop()) ?? Promise.resolve();
    if (!(await isWithin(stopped, STOP_BOUND, log))) log.warn('it did not stop in time', { component: component.name });
    else log.info('the component has stopped', { component: component.name });
    clearInterval(keptAlive);
    await isWithin(client?.close() ?? Promise.resolve(), FAREWELL_BOUND, log);
    process.exit(reason.kind === 'asked' ? 0 : 1);
  };
  const fail = (error: unknown): void => {
    void leave({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  };
  process.once('SIGTERM', () => void leave({ kind: 'asked' }));
  process.once('SIGINT', () => void leave({ kind: 'asked' }));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const begin = async (): Promise<void> => {
    const environment = readEnvironment();
    const nucleus = await connectNucleus((reason) => {
      if (!leaving) fail(new Error(`the connection with the nucleus is lost: ${reason}`));
    });
    client = nucleus;
    const configuration = new LiveConfiguration(schema, await getConfiguration(nucleus), log);
    const ports = { clock: systemClock, log };
    await followConfiguration(nucleus, configuration, ports);
    const local = createLocalBus(nucleus, ports);
    const host: ComponentHost<z.output<S>> = {
      configuration,
      local,
      cloud: createCloudBus(nucleus, ports),
      shadows: createShadowPort(nucleus, local, { log, thingName: environment.thingName }),
      clock: systemClock,
      random: Math.random,
      log,
      workDirectory: environment.workDirectory,
      thingName: environment.thingName,
      signal: abort.signal,
    };
    if (leaving) return;
    started = component.start(host);
    await started;
    if (leaving) return;
    running = true;
    await report(nucleus, model.ReportedLifecycleState.RUNNING, log);
    log.info('the component runs', { component: component.name });
  };
  begin().catch(fail);
}

/** Some nuclei take a script that runs for RUNNING by itself: that they do not take the report is no failure. */
async function report(client: IpcClient, state: model.ReportedLifecycleState, log: ComponentLog): Promise<void> {
  try {
    await client.updateState({ state });
  } catch (error) {
    log.debug('the state was not taken', { state, reason: String(error) });
  }
}

/** @returns whether it was done in time; an error is logged, and is done too */
async function isWithin(work: Promise<unknown>, milliseconds: number, log: ComponentLog): Promise<boolean> {
  let timer: { cancel(): void } | undefined;
  const late = new Promise<false>((resolve) => {
    timer = systemClock.after(milliseconds, () => resolve(false));
  });
  const done = work.then(
    () => true,
    (error) => {
      log.error('it did not end well', { reason: String(error) });
      return true;
    },
  );
  const inTime = await Promise.race([done, late]);
  timer?.cancel();
  return inTime;
}
