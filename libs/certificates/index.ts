export * from './certificate-files';
export * from './make-certificates';
