import { NotImplementedError } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { Catalog } from './catalog.ts';

/**
 * "All operations performed on a Data Catalog resource require permission on the resource and all the ancestors of that
 * resource", deletions on its children too (developer guide, "Specifying AWS Glue resource ARNs").
 */
export function catalogPermissions(catalog: Catalog, action: string): Permission[] {
  return [on(action, catalog.arn)];
}

export function databasePermissions(catalog: Catalog, action: string, database = ''): Permission[] {
  return [on(action, catalog.databaseArn(database)), ...catalogPermissions(catalog, action)];
}

export function tablePermissions(catalog: Catalog, action: string, database = '', table = ''): Permission[] {
  return [on(action, catalog.tableArn(database, table)), ...databasePermissions(catalog, action, database)];
}

function on(action: string, resource: string): Permission {
  return { action: `glue:${action}`, resource };
}

/** The one catalog is the account's own. @throws AwsError `NotImplemented` */
export function checkCatalog(catalog: Catalog, catalogId: string | undefined): void {
  if (catalogId !== undefined && catalogId !== catalog.context.account.accountId) {
    throw new NotImplementedError(`Glue: the catalog '${catalogId}' of another account`);
  }
}
