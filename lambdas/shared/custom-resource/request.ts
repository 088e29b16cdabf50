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
