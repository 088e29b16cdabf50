import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';

/**
 * A provider whose work is on disk before CloudFormation goes on, and for which deleting what is gone is no error, as
 * for the handlers of AWS.
 */
export function durableProvider<P>(service: IotService, provider: ResourceProvider<P>): ResourceProvider<P> {
  const { store } = service.context;
  return {
    ...provider,
    async create(properties, scope) {
      const state = await provider.create(properties, scope);
      await store.durable();
      return state;
    },
    async update(properties, previous, state, scope) {
      const updated = await provider.update(properties, previous, state, scope);
      await store.durable();
      return updated;
    },
    async delete(state, properties, scope) {
      try {
        await provider.delete(state, properties, scope);
      } catch (error) {
        if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error;
      }
      await store.durable();
    },
  };
}
