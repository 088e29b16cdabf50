import type {
  DeleteDashboardsInput,
  GetDashboardInput,
  GetDashboardOutput,
  ListDashboardsInput,
  ListDashboardsOutput,
  PutDashboardInput,
  PutDashboardOutput,
} from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Dashboards } from '../dashboards.ts';
import { page } from '../page.ts';

export function dashboardOperations(dashboards: Dashboards): readonly Operation[] {
  const on = (action: string, name: string | undefined) => [
    { action: `cloudwatch:${action}`, resource: dashboards.arnOf(name ?? '') },
  ];
  const put: Operation<PutDashboardInput, PutDashboardOutput> = {
    name: 'PutDashboard',
    authorize: (input) => on('PutDashboard', input.DashboardName),
    async handle(input) {
      if (input.Tags !== undefined) throw new NotImplementedError('PutDashboard Tags');
      await dashboards.put(input.DashboardName, input.DashboardBody);
      return { DashboardValidationMessages: [] };
    },
  };
  const get: Operation<GetDashboardInput, GetDashboardOutput> = {
    name: 'GetDashboard',
    authorize: (input) => on('GetDashboard', input.DashboardName),
    handle(input) {
      const { name, body } = dashboards.require(input.DashboardName);
      return { DashboardName: name, DashboardArn: dashboards.arnOf(name), DashboardBody: body };
    },
  };
  const list: Operation<ListDashboardsInput, ListDashboardsOutput> = {
    name: 'ListDashboards',
    authorize: () => on('ListDashboards', '*'),
    handle(input) {
      const all = dashboards.all(input.DashboardNamePrefix ?? '');
      const { members, NextToken } = page(all, ({ name }) => name, { MaxRecords: 100, NextToken: input.NextToken });
      const DashboardEntries = members.map(({ name, body, modifiedAt }) => ({
        DashboardName: name,
        DashboardArn: dashboards.arnOf(name),
        LastModified: new Date(modifiedAt),
        Size: Buffer.byteLength(body),
      }));
      return { DashboardEntries, NextToken };
    },
  };
  const remove: Operation<DeleteDashboardsInput, object> = {
    name: 'DeleteDashboards',
    authorize: (input) => (input.DashboardNames ?? []).flatMap((name) => on('DeleteDashboards', name)),
    async handle(input) {
      await dashboards.delete(input.DashboardNames ?? []);
      return {};
    },
  };
  return [put, get, list, remove];
}
