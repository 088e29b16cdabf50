import type {
  AuthorizerDescription,
  CreateAuthorizerRequest,
  CreateAuthorizerResponse,
  DeleteAuthorizerRequest,
  DescribeAuthorizerRequest,
  DescribeAuthorizerResponse,
  DescribeDefaultAuthorizerResponse,
  ListAuthorizersRequest,
  ListAuthorizersResponse,
  SetDefaultAuthorizerRequest,
  SetDefaultAuthorizerResponse,
  UpdateAuthorizerRequest,
  UpdateAuthorizerResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { resourceNotFound } from '../errors.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { AuthorizerRecord } from '../registry/records.ts';
import { checkPageSize, readTags, requireOneOf } from '../registry/validation.ts';

export function authorizerOperations(service: IotService): Operation[] {
  const { authorizers, state, tags } = service.registry;
  const arnOf = (input: { authorizerName: string | undefined }) =>
    resource(service, 'authorizer', input.authorizerName);
  const named = ({ name }: AuthorizerRecord) => ({
    authorizerName: name,
    authorizerArn: state.arn('authorizer', name),
  });
  return [
    changing<CreateAuthorizerRequest, CreateAuthorizerResponse>(service, 'CreateAuthorizer', arnOf, (input) => {
      readTags(input.tags);
      const made = named(authorizers.create(input));
      tags.add(made.authorizerArn, input.tags);
      return made;
    }),
    reading<DescribeAuthorizerRequest, DescribeAuthorizerResponse>('DescribeAuthorizer', arnOf, (input) => ({
      authorizerDescription: descriptionOf(service, authorizers.get(input.authorizerName)),
    })),
    changing<UpdateAuthorizerRequest, UpdateAuthorizerResponse>(service, 'UpdateAuthorizer', arnOf, (input) =>
      named(authorizers.update(input)),
    ),
    changing<DeleteAuthorizerRequest, object>(service, 'DeleteAuthorizer', arnOf, (input) => {
      authorizers.delete(input.authorizerName);
      return {};
    }),
    reading<ListAuthorizersRequest, ListAuthorizersResponse>('ListAuthorizers', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      if (input.status !== undefined) requireOneOf('status', input.status, ['ACTIVE', 'INACTIVE']);
      const page = pageOf(
        state.authorizers.sortedKeys(),
        { token: input.marker, size: input.pageSize, descending: input.ascendingOrder !== true },
        (name) => input.status === undefined || state.authorizers.get(name)?.status === input.status,
      );
      return {
        authorizers: page.keys.map((name) => named(state.authorizers.get(name) as AuthorizerRecord)),
        nextMarker: page.nextToken,
      };
    }),
    changing<SetDefaultAuthorizerRequest, SetDefaultAuthorizerResponse>(
      service,
      'SetDefaultAuthorizer',
      arnOf,
      (input) => named(authorizers.setDefault(input.authorizerName)),
    ),
    changing<object, object>(service, 'ClearDefaultAuthorizer', anywhere, () => {
      authorizers.clearDefault();
      return {};
    }),
    reading<object, DescribeDefaultAuthorizerResponse>('DescribeDefaultAuthorizer', anywhere, () => {
      const authorizer = authorizers.defaultAuthorizer();
      if (authorizer === undefined) throw resourceNotFound('There is no default authorizer.');
      return { authorizerDescription: descriptionOf(service, authorizer) };
    }),
  ];
}

function descriptionOf(service: IotService, authorizer: AuthorizerRecord): AuthorizerDescription {
  return {
    authorizerName: authorizer.name,
    authorizerArn: resource(service, 'authorizer', authorizer.name),
    authorizerFunctionArn: authorizer.functionArn,
    ...(authorizer.tokenKeyName === undefined ? {} : { tokenKeyName: authorizer.tokenKeyName }),
    tokenSigningPublicKeys: { ...authorizer.signingKeys },
    status: authorizer.status,
    creationDate: new Date(authorizer.creationDate),
    lastModifiedDate: new Date(authorizer.lastModifiedDate),
    signingDisabled: authorizer.signingDisabled,
    enableCachingForHttp: authorizer.enableCachingForHttp,
  };
}
