import type {
  DeleteConnectionRequest,
  GetConnectionRequest,
  GetConnectionResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
} from '@aws-sdk/client-iot-data-plane';
import type { Operation } from '../../../core/api.ts';
import type { ClientConnection } from '../../../core/client-connections.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { DEFAULT_SUBSCRIPTION_PAGE, MAX_SUBSCRIPTION_PAGE } from '../limits.ts';
import { clientArn, type DataPlaneService, requireClientId, resourceNotFound } from './data-plane-service.ts';
import { pageOf } from './page-of.ts';

/** Connected clients over HTTP (developer guide, `mqtt`; resource of the actions: `iot-action-resources`). */
export function connectionOperations(service: DataPlaneService): readonly Operation[] {
  return [deleteConnection(service), getConnection(service), listSubscriptions(service)];
}

function onClient({ context }: DataPlaneService, action: string) {
  return ({ clientId }: { clientId?: string | undefined }): Permission[] => [
    { action: `iot:${action}`, resource: clientArn(context.account, clientId) },
  ];
}

function deleteConnection(service: DataPlaneService): Operation<DeleteConnectionRequest, object> {
  return {
    name: 'DeleteConnection',
    authorize: onClient(service, 'DeleteConnection'),
    async handle({ clientId, cleanSession = false, preventWillMessage = false }) {
      requireClientId(clientId);
      const { ports, store } = service.context;
      const options = { endSession: cleanSession, publishWill: !preventWillMessage };
      if (!ports.get('clientConnections').disconnect(clientId, options)) throw noSuchClient(clientId);
      await store.durable();
      return {};
    },
  };
}

function getConnection(service: DataPlaneService): Operation<GetConnectionRequest, GetConnectionResponse> {
  return {
    name: 'GetConnection',
    authorize: onClient(service, 'GetConnection'),
    handle({ clientId, includeSocketInformation }) {
      requireClientId(clientId);
      // It takes a permission of its own, which the API reference does not name.
      if (includeSocketInformation === true) throw new NotImplementedError('GetConnection with socket information');
      const client = service.context.ports.get('clientConnections').describe(clientId);
      if (client === undefined) throw noSuchClient(clientId);
      return {
        clientId,
        cleanSession: client.cleanSession,
        sessionExpiry: client.sessionExpiry,
        keepAliveDuration: client.keepAlive,
        ...(client.thingName === undefined ? {} : { thingName: client.thingName }),
        ...presence(client),
      };
    },
  };
}

function presence({ connectedAt, ended }: ClientConnection): GetConnectionResponse {
  return ended === undefined
    ? { connected: true, connectedSince: connectedAt }
    : { connected: false, disconnectedSince: ended.at, disconnectReason: ended.reason };
}

function listSubscriptions(service: DataPlaneService): Operation<ListSubscriptionsRequest, ListSubscriptionsResponse> {
  return {
    name: 'ListSubscriptions',
    authorize: onClient(service, 'ListSubscriptions'),
    handle({ clientId, maxResults = DEFAULT_SUBSCRIPTION_PAGE, nextToken }) {
      requireClientId(clientId);
      new ConstraintViolations()
        .range('maxResults', maxResults, 1, MAX_SUBSCRIPTION_PAGE)
        .throwIfAny('InvalidRequestException');
      const found = service.context.ports.get('clientConnections').subscriptions(clientId);
      if (found === undefined) throw noSuchClient(clientId);
      const sorted = [...found].sort((a, b) => (a.filter < b.filter ? -1 : 1));
      const page = pageOf(sorted, ({ filter }) => filter, maxResults, nextToken);
      return {
        subscriptions: page.items.map(({ filter, qos }) => ({ topicFilter: filter, qos })),
        ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
      };
    },
  };
}

function noSuchClient(clientId: string) {
  return resourceNotFound(`No client is connected with client id: ${clientId}`);
}
