import * as schemas from '@aws-sdk/client-acm';
import type { PluginFactory } from '../../core/plugin.ts';
import { Certificates } from './certificates.ts';
import { createCertificateOperations } from './operations/certificates.ts';
import { createTagOperations } from './operations/tags.ts';

/** AWS Certificate Manager for imported certificates. Nothing here could validate a domain, so that none is issued. */
export const createAcmPlugin: PluginFactory = (context) => {
  const certificates = new Certificates(context);
  context.ports.provide('importedCertificates', certificates);
  return {
    name: 'acm',
    apis: [
      {
        service: 'acm',
        signingName: 'acm',
        protocol: 'awsJson1_1',
        schemas,
        operations: [...createCertificateOperations(certificates), ...createTagOperations(certificates)],
      },
    ],
  };
};
