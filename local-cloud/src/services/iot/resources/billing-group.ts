import type { Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';

interface BillingGroupResourceProperties {
  BillingGroupName?: string;
  BillingGroupProperties?: { BillingGroupDescription?: string };
  Tags?: Tag[];
}

/** AWS::IoT::BillingGroup */
export function billingGroupResource(service: IotService): ResourceProvider<BillingGroupResourceProperties> {
  const { billingGroups, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('billinggroup', name), Id: billingGroups.get(name).id },
  });
  const propertiesOf = ({ BillingGroupProperties: properties }: BillingGroupResourceProperties) => ({
    billingGroupDescription: properties?.BillingGroupDescription,
  });
  return durableProvider(service, {
    type: 'AWS::IoT::BillingGroup',
    replaceOn: ['BillingGroupName'],
    properties: ['BillingGroupName', 'BillingGroupProperties', 'Tags'],
    async create(properties, scope) {
      const name = properties.BillingGroupName ?? scope.generateName(MAX_NAME_LENGTH);
      billingGroups.create(name, propertiesOf(properties));
      tags.replace(state.arn('billinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      billingGroups.update(name, propertiesOf(properties));
      tags.replace(state.arn('billinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      billingGroups.delete(name);
    },
  });
}
