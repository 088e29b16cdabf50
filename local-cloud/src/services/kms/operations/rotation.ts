import type {
  DisableKeyRotationRequest,
  EnableKeyRotationRequest,
  GetKeyRotationStatusRequest,
  GetKeyRotationStatusResponse,
  ListKeyRotationsRequest,
  ListKeyRotationsResponse,
  RotateKeyOnDemandRequest,
  RotateKeyOnDemandResponse,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { checkRotates, disableRotation, enableRotation, rotateOnDemand } from '../key-lifecycle.ts';
import type { Keys } from '../keys.ts';
import { DEFAULT_LISTED, DEFAULT_ROTATION_DAYS, MAX_LISTED } from '../limits.ts';
import { pageOf } from '../page.ts';
import { keyPermission } from '../permissions.ts';

export function createRotationOperations(keys: Keys): Operation[] {
  const { store } = keys.context;

  const enable: Operation<EnableKeyRotationRequest, object> = {
    name: 'EnableKeyRotation',
    authorize: (input) => [
      keyPermission(keys, 'EnableKeyRotation', input.KeyId, {
        'kms:RotationPeriodInDays': String(input.RotationPeriodInDays ?? DEFAULT_ROTATION_DAYS),
      }),
    ],
    async handle(input) {
      enableRotation(keys, input.KeyId ?? '', input.RotationPeriodInDays);
      await store.durable();
      return {};
    },
  };

  const disable: Operation<DisableKeyRotationRequest, object> = {
    name: 'DisableKeyRotation',
    authorize: (input) => [keyPermission(keys, 'DisableKeyRotation', input.KeyId)],
    async handle(input) {
      disableRotation(keys, input.KeyId ?? '');
      await store.durable();
      return {};
    },
  };

  const status: Operation<GetKeyRotationStatusRequest, GetKeyRotationStatusResponse> = {
    name: 'GetKeyRotationStatus',
    authorize: (input) => [keyPermission(keys, 'GetKeyRotationStatus', input.KeyId)],
    handle(input) {
      const key = keys.require(input.KeyId ?? '');
      checkRotates(key);
      const on = key.rotation !== undefined && key.state !== 'PendingDeletion' ? key.rotation : undefined;
      return {
        KeyId: key.arn,
        KeyRotationEnabled: on !== undefined,
        ...(on === undefined ? {} : { RotationPeriodInDays: on.periodDays, NextRotationDate: new Date(on.next) }),
      };
    },
  };

  const rotate: Operation<RotateKeyOnDemandRequest, RotateKeyOnDemandResponse> = {
    name: 'RotateKeyOnDemand',
    authorize: (input) => [keyPermission(keys, 'RotateKeyOnDemand', input.KeyId)],
    async handle(input) {
      const key = await rotateOnDemand(keys, input.KeyId ?? '');
      await store.durable();
      return { KeyId: key.arn };
    },
  };

  const list: Operation<ListKeyRotationsRequest, ListKeyRotationsResponse> = {
    name: 'ListKeyRotations',
    authorize: (input) => [keyPermission(keys, 'ListKeyRotations', input.KeyId)],
    handle(input) {
      if (input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL') throw new NotImplementedError('IncludeKeyMaterial');
      const key = keys.require(input.KeyId ?? '');
      checkRotates(key);
      const rotations = key.materials.flatMap(({ id, rotation }) => (rotation === undefined ? [] : [{ id, rotation }]));
      const { items, marker } = pageOf(rotations, ({ id }) => id, input, { most: MAX_LISTED, usual: DEFAULT_LISTED });
      return {
        Rotations: items.map(({ id, rotation }) => ({
          KeyId: key.id,
          KeyMaterialId: id,
          RotationDate: new Date(rotation.at),
          RotationType: rotation.type,
        })),
        ...marker,
      };
    },
  };

  return [enable, disable, status, rotate, list];
}
