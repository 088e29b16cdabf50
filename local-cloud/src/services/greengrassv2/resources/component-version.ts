import { administratorOf } from '../../../core/iam/administrator.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { createComponentVersion } from '../components/components.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { ComponentVersionRecord } from '../records.ts';
import { withTags } from '../tags.ts';

interface ComponentVersionProperties {
  InlineRecipe: string;
  Tags?: Record<string, string>;
}

/** AWS::GreengrassV2::ComponentVersion. `LambdaFunction` is left out, and so refuses. */
export function componentVersionResource(state: GreengrassState): ResourceProvider<ComponentVersionProperties> {
  const administrator = administratorOf(state.context.account);
  return {
    type: 'AWS::GreengrassV2::ComponentVersion',
    replaceOn: ['InlineRecipe'],
    properties: ['InlineRecipe', 'Tags'],
    async create({ InlineRecipe, Tags }) {
      return stateOf(await createComponentVersion(state, administrator, Buffer.from(InlineRecipe ?? ''), Tags));
    },
    async update({ Tags }, _previous, { physicalId }) {
      const component = { ...state.requireComponent(physicalId), tags: withTags({}, Tags) };
      state.components.put(physicalId, component);
      await state.context.store.durable();
      return stateOf(component);
    },
    async delete({ physicalId }) {
      if (state.components.delete(physicalId)) await state.context.store.durable();
    },
  };
}

function stateOf({ arn, name, version }: ComponentVersionRecord): ResourceState {
  return { physicalId: arn, attributes: { Arn: arn, ComponentName: name, ComponentVersion: version } };
}
