import type {
  CreateDatabaseRequest,
  DeleteDatabaseRequest,
  GetDatabaseRequest,
  GetDatabaseResponse,
  GetDatabasesRequest,
  GetDatabasesResponse,
  UpdateDatabaseRequest,
} from '@aws-sdk/client-glue';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Catalog } from '../catalog.ts';
import { MAX_DATABASES_PAGE } from '../limits.ts';
import { page } from '../page.ts';
import { catalogPermissions, checkCatalog, databasePermissions, tablePermissions } from '../permissions.ts';
import { readDatabase, refuse } from '../read-input.ts';
import { wireDatabase } from '../wire-shapes.ts';

export function databaseOperations(catalog: Catalog): Operation[] {
  const create: Operation<CreateDatabaseRequest, object> = {
    name: 'CreateDatabase',
    authorize: ({ DatabaseInput }) => databasePermissions(catalog, 'CreateDatabase', DatabaseInput?.Name),
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      if (Object.keys(input.Tags ?? {}).length > 0) throw new NotImplementedError('Glue: Tags of a database');
      await catalog.createDatabase(readDatabase(input.DatabaseInput));
      return {};
    },
  };

  const get: Operation<GetDatabaseRequest, GetDatabaseResponse> = {
    name: 'GetDatabase',
    authorize: ({ Name }) => databasePermissions(catalog, 'GetDatabase', Name),
    handle(input) {
      checkCatalog(catalog, input.CatalogId);
      return { Database: wireDatabase(catalog, catalog.database(input.Name)) };
    },
  };

  const list: Operation<GetDatabasesRequest, GetDatabasesResponse> = {
    name: 'GetDatabases',
    authorize: () => [
      ...databasePermissions(catalog, 'GetDatabases', '*'),
      ...catalogPermissions(catalog, 'GetDatabases'),
    ],
    handle(input) {
      checkCatalog(catalog, input.CatalogId);
      refuse('GetDatabases request', input, ['AttributesToGet']);
      const { members, NextToken } = page(catalog.databases(), input, MAX_DATABASES_PAGE);
      return { DatabaseList: members.map((database) => wireDatabase(catalog, database)), NextToken };
    },
  };

  const update: Operation<UpdateDatabaseRequest, object> = {
    name: 'UpdateDatabase',
    authorize: ({ Name }) => databasePermissions(catalog, 'UpdateDatabase', Name),
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      const current = catalog.database(input.Name);
      const settings = readDatabase(input.DatabaseInput);
      if (settings.name !== current.name) throw new NotImplementedError('Glue: renaming a database');
      await catalog.updateDatabase(current, settings);
      return {};
    },
  };

  const remove: Operation<DeleteDatabaseRequest, object> = {
    name: 'DeleteDatabase',
    authorize: ({ Name = '' }) => [
      ...databasePermissions(catalog, 'DeleteDatabase', Name),
      ...catalog
        .tables(Name)
        .flatMap((table) => tablePermissions(catalog, 'DeleteDatabase', Name, table.name).slice(0, 1)),
    ],
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      await catalog.deleteDatabase(catalog.database(input.Name));
      return {};
    },
  };

  return [create, get, list, update, remove];
}
