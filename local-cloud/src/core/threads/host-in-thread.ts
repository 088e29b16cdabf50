import type { ServiceApi } from '../api.ts';
import { CloudError } from '../errors.ts';
import type { PluginFactory } from '../plugin.ts';
import type { ResourceProvider } from '../resources.ts';
import type { Collection, Store } from '../store.ts';
import { ServiceThread, type ThreadOptions } from './service-thread.ts';

/**
 * A plugin that does its work on a thread of its own, for services whose work would hold up everybody else.
 *
 * Here it is only outlined: its operations and resources are known, and each of their uses is sent over. Authorization
 * and calls to other services come back to the cloud's own thread.
 */
export function hostInThread(create: PluginFactory, options: ThreadOptions): PluginFactory {
  return (context) => {
    const outline = create({ ...context, store: NO_STORE });
    const thread = new ServiceThread(context, outline.name, options);
    return {
      name: outline.name,
      apis: (outline.apis ?? []).map((api) => remoteApi(thread, api)),
      resources: (outline.resources ?? []).map((provider) => remoteProvider(thread, provider)),
      start: () => thread.start(),
      stop: () => thread.stop(),
    };
  };
}

function remoteApi(thread: ServiceThread, api: ServiceApi): ServiceApi {
  return {
    ...api,
    operations: api.operations.map(({ name }) => ({
      name,
      // Asked for by the thread, which has read the input.
      authorize: () => [],
      handle: (input, call) => thread.call(api.service, name, input, call),
    })),
    remote: (operation, request, call) => thread.answer(api.service, operation, request, call),
  };
}

function remoteProvider(thread: ServiceThread, { type, replaceOn, properties }: ResourceProvider): ResourceProvider {
  return {
    type,
    replaceOn,
    properties,
    create: (values, scope) => thread.resource({ type, act: 'create', properties: values, scope }),
    update: (values, previous, state, scope) =>
      thread.resource({ type, act: 'update', properties: values, previous, state, scope }),
    async delete(state, values, scope) {
      await thread.resource({ type, act: 'delete', properties: values, state, scope });
    },
  };
}

/** The outline keeps nothing: the thread has the state. */
const NO_STORE: Store = {
  collection: <V>() => new Map<string, V>() as unknown as Collection<V>,
  log() {
    throw new CloudError('PORT_UNPROVIDED', 'a service on a thread of its own has no log on the cloud’s');
  },
  durable: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
