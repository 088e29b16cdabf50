import * as z from 'zod';

/** What every request of CloudFormation has (CloudFormation user guide, "Custom resource request objects"). */
export const requestBase = z.object({
  RequestId: z.string().min(1),
  ResponseURL: z.url(),
  StackId: z.string().startsWith('arn:'),
  LogicalResourceId: z.string().min(1),
});

/** What is needed to answer, even when the rest of the request cannot be read. */
export const answerableSchema = requestBase.extend({ PhysicalResourceId: z.string().optional() });

export type Answerable = z.infer<typeof answerableSchema>;

/** Requests for a resource whose properties have this form. One that never came to be is deleted too, with whatever properties it had. */
export function requestSchemaOf<Properties extends z.ZodType>(properties: Properties) {
  return z.discriminatedUnion('RequestType', [
    requestBase.extend({ RequestType: z.literal('Create'), ResourceProperties: properties }),
    requestBase.extend({
      RequestType: z.literal('Update'),
      PhysicalResourceId: z.string(),
      ResourceProperties: properties,
    }),
    requestBase.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
  ]);
}
