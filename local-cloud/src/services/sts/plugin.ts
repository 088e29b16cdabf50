import * as schemas from '@aws-sdk/client-sts';
import type { PluginFactory } from '../../core/plugin.ts';
import { assumeRole } from './operations/assume-role.ts';
import { getCallerIdentity } from './operations/get-caller-identity.ts';

/** Security Token Service: sessions of roles, and who one is. */
export const createStsPlugin: PluginFactory = (context) => ({
  name: 'sts',
  apis: [
    {
      service: 'sts',
      signingName: 'sts',
      protocol: 'awsQuery',
      schemas,
      operations: [getCallerIdentity, assumeRole(context)],
    },
  ],
});
