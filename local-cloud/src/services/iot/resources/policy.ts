import type { Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH, MAX_POLICY_VERSIONS } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';

interface PolicyProperties {
  PolicyDocument: object | string;
  PolicyName?: string;
  Tags?: Tag[];
}

/** AWS::IoT::Policy. A changed document becomes the default version; the oldest other version makes room for it. */
export function policyResource(service: IotService): ResourceProvider<PolicyProperties> {
  const { policies, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('policy', name), Id: name },
  });
  return durableProvider(service, {
    type: 'AWS::IoT::Policy',
    replaceOn: ['PolicyName'],
    properties: ['PolicyDocument', 'PolicyName', 'Tags'],
    async create(properties, scope) {
      const name = properties.PolicyName ?? scope.generateName(MAX_NAME_LENGTH);
      policies.create(name, documentText(properties));
      tags.replace(state.arn('policy', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, previous, { physicalId: name }) {
      const document = documentText(properties);
      if (document !== documentText(previous)) {
        const { versions, defaultVersionId } = policies.get(name);
        const oldest = versions.find(({ id }) => id !== defaultVersionId);
        if (versions.length >= MAX_POLICY_VERSIONS) policies.deleteVersion(name, oldest?.id);
        policies.createVersion(name, document, true);
      }
      tags.replace(state.arn('policy', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      const { versions, defaultVersionId } = policies.get(name);
      for (const { id } of versions) if (id !== defaultVersionId) policies.deleteVersion(name, id);
      policies.delete(name);
    },
  });
}

function documentText({ PolicyDocument: document }: PolicyProperties): string {
  return typeof document === 'string' ? document : JSON.stringify(document);
}
