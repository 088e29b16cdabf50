import type {
  CreateMitigationActionRequest,
  CreateMitigationActionResponse,
  DeleteMitigationActionRequest,
  DescribeMitigationActionRequest,
  DescribeMitigationActionResponse,
  ListMitigationActionsRequest,
  ListMitigationActionsResponse,
  UpdateMitigationActionRequest,
  UpdateMitigationActionResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { passingRole } from '../../../operations/passing-role.ts';
import { listPage } from '../../list-page.ts';
import type { Mitigation } from '../mitigation.ts';

export function actionOperations({ service, actions, tags }: Mitigation): Operation[] {
  const arnOf = (input: { actionName: string | undefined }): string => tags.arn(input.actionName ?? '');
  const create = changing<CreateMitigationActionRequest, CreateMitigationActionResponse>(
    service,
    'CreateMitigationAction',
    arnOf,
    (input) => {
      tags.check(input.tags);
      const { name, id } = actions.create(input);
      tags.add(name, input.tags);
      return { actionArn: tags.arn(name), actionId: id };
    },
  );
  const update = changing<UpdateMitigationActionRequest, UpdateMitigationActionResponse>(
    service,
    'UpdateMitigationAction',
    arnOf,
    (input) => {
      const { name, id } = actions.update(input);
      return { actionArn: tags.arn(name), actionId: id };
    },
  );
  return [
    passingRole(create, (input) => input.roleArn),
    passingRole(update, (input) => input.roleArn),
    reading<DescribeMitigationActionRequest, DescribeMitigationActionResponse>(
      'DescribeMitigationAction',
      arnOf,
      (input) => {
        const action = actions.get(input.actionName);
        return {
          actionName: action.name,
          actionType: action.type,
          actionArn: tags.arn(action.name),
          actionId: action.id,
          roleArn: action.roleArn,
          actionParams: action.params,
          creationDate: new Date(action.creationDate),
          lastModifiedDate: new Date(action.lastModifiedDate),
        };
      },
    ),
    changing<DeleteMitigationActionRequest, object>(service, 'DeleteMitigationAction', arnOf, (input) => {
      actions.delete(input.actionName);
      tags.forget(input.actionName ?? '');
      return {};
    }),
    reading<ListMitigationActionsRequest, ListMitigationActionsResponse>('ListMitigationActions', anywhere, (input) => {
      const page = listPage(
        actions.table.sortedKeys(),
        input,
        (name) => input.actionType === undefined || actions.get(name).type === input.actionType,
      );
      return {
        actionIdentifiers: page.keys.map((name) => ({
          actionName: name,
          actionArn: tags.arn(name),
          creationDate: new Date(actions.get(name).creationDate),
        })),
        nextToken: page.nextToken,
      };
    }),
  ];
}
