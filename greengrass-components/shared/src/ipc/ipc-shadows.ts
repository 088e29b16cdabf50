import type { ComponentLog, LocalBus, ShadowPort } from '../component.ts';
import type { IpcClient } from './connect-nucleus.ts';
import { bytesOf } from './ipc-buses.ts';
import { IpcFailure, tell } from './ipc-failure.ts';

interface Document {
  readonly state?: { readonly desired?: object; readonly reported?: object };
  readonly version?: number;
}

/**
 * The core's named shadows by `GetThingShadow` and `UpdateThingShadow`; changes by the local topic `…/update/documents` ("React to
 * shadow state changes"). Nucleus lite has no shadow service: there each call rejects and says so.
 */
export function createShadowPort(
  client: IpcClient,
  local: LocalBus,
  { log, thingName }: { readonly log: ComponentLog; readonly thingName: string },
): ShadowPort {
  return {
    async get(shadowName) {
      try {
        const { payload } = await tell('GetThingShadow', client.getThingShadow({ thingName, shadowName }));
        const { state = {}, version = 0 } = read(bytesOf(payload).toString('utf8'));
        return { state, version };
      } catch (error) {
        if (error instanceof IpcFailure && error.missing && !error.denied) return undefined;
        throw error;
      }
    },
    async update(shadowName, state) {
      const payload = Buffer.from(JSON.stringify({ state }));
      const answer = await tell('UpdateThingShadow', client.updateThingShadow({ thingName, shadowName, payload }));
      return read(bytesOf(answer.payload).toString('utf8')).version ?? 0;
    },
    onDesired(shadowName, task) {
      let last: string | undefined;
      return local.subscribe(`$aws/things/${thingName}/shadow/name/${shadowName}/update/documents`, (message) => {
        const { current, previous } = message as { current?: Document; previous?: Document };
        last ??= JSON.stringify(previous?.state?.desired ?? {});
        const desired = current?.state?.desired ?? {};
        const text = JSON.stringify(desired);
        if (text === last) return;
        last = text;
        log.info('the desired state has changed', { shadow: shadowName, version: current?.version });
        task(desired);
      });
    },
  };
}

/** @throws Error when it is no shadow document */
function read(text: string): Document {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('the nucleus gave no shadow document');
  return value;
}
