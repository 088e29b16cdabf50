import type {
  CreateDomainConfigurationRequest,
  CreateDomainConfigurationResponse,
  DeleteDomainConfigurationRequest,
  DescribeDomainConfigurationRequest,
  DescribeDomainConfigurationResponse,
  ListDomainConfigurationsRequest,
  ListDomainConfigurationsResponse,
  UpdateDomainConfigurationRequest,
  UpdateDomainConfigurationResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { DomainConfigurationRecord } from '../registry/records.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';

export function domainConfigurationOperations(service: IotService): Operation[] {
  const { domainConfigurations, state, tags } = service.registry;
  const arnOf = ({ domainConfigurationName: name = '' }: { domainConfigurationName: string | undefined }) => {
    const found = state.domainConfigurations.get(name);
    return found === undefined
      ? resource(service, 'domainconfiguration', `${name}/*`)
      : domainConfigurations.arnOf(found);
  };
  const named = (found: DomainConfigurationRecord) => ({
    domainConfigurationName: found.name,
    domainConfigurationArn: domainConfigurations.arnOf(found),
  });
  tags.allow('domainconfiguration', (name) => {
    const cut = name.lastIndexOf('/');
    return state.domainConfigurations.get(name.slice(0, cut))?.id === name.slice(cut + 1);
  });
  return [
    changing<CreateDomainConfigurationRequest, CreateDomainConfigurationResponse>(
      service,
      'CreateDomainConfiguration',
      arnOf,
      (input) => {
        readTags(input.tags);
        const made = named(domainConfigurations.create(input));
        tags.add(made.domainConfigurationArn, input.tags);
        return made;
      },
    ),
    reading<DescribeDomainConfigurationRequest, DescribeDomainConfigurationResponse>(
      'DescribeDomainConfiguration',
      arnOf,
      (input) => {
        const found = domainConfigurations.get(input.domainConfigurationName);
        const { authorizer } = found;
        return {
          ...named(found),
          domainName: found.domainName,
          serverCertificates: [],
          ...(authorizer === undefined
            ? {}
            : {
                authorizerConfig: {
                  defaultAuthorizerName: authorizer.name,
                  allowAuthorizerOverride: authorizer.allowOverride,
                },
              }),
          domainConfigurationStatus: found.status,
          serviceType: 'DATA',
          domainType: 'AWS_MANAGED',
          lastStatusChangeDate: new Date(found.lastStatusChangeDate),
        };
      },
    ),
    changing<UpdateDomainConfigurationRequest, UpdateDomainConfigurationResponse>(
      service,
      'UpdateDomainConfiguration',
      arnOf,
      (input) => named(domainConfigurations.update(input)),
    ),
    changing<DeleteDomainConfigurationRequest, object>(service, 'DeleteDomainConfiguration', arnOf, (input) => {
      domainConfigurations.delete(input.domainConfigurationName);
      return {};
    }),
    reading<ListDomainConfigurationsRequest, ListDomainConfigurationsResponse>(
      'ListDomainConfigurations',
      anywhere,
      (input) => {
        checkPageSize('pageSize', input.pageSize);
        if (input.serviceType !== undefined && input.serviceType !== 'DATA') {
          throw new NotImplementedError(`domain configurations of service type ${input.serviceType}`);
        }
        const page = pageOf(state.domainConfigurations.sortedKeys(), { token: input.marker, size: input.pageSize });
        return {
          domainConfigurations: page.keys.map((name) => ({
            ...named(state.domainConfigurations.get(name) as DomainConfigurationRecord),
            serviceType: 'DATA' as const,
          })),
          nextMarker: page.nextToken,
        };
      },
    ),
  ];
}
