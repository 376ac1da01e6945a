import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes, type AclEntry } from 'kafkajs';
import { OPERATOR, type Passwords, type RightsTable } from './rights';

/** The broker's file of users (JAAS), the operator being the broker's own. */
export const kafkaUsers = (passwords: Passwords): string => `KafkaServer {
  org.apache.kafka.common.security.plain.PlainLoginModule required
  username="${OPERATOR}"
  password="${passwords[OPERATOR]}"
${Object.entries(passwords)
  .map(([user, password]) => `  user_${user}="${password}"`)
  .join('\n')};
};
`;

export const principalOf = (service: string): string => `User:${service}`;

/** What the broker is to let each service do. Topics are made on first use, by whoever comes first. */
export const kafkaRights = (rights: RightsTable, prefix = ''): readonly AclEntry[] =>
  Object.entries(rights).flatMap(([service, { writes = [], reads = {} }]) => {
    const may = (resourceType: AclResourceTypes, name: string, operation: AclOperationTypes): AclEntry => ({
      principal: principalOf(service),
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      resourceName: `${prefix}${name}`,
      ...{ resourceType, operation },
    });
    const { CREATE, WRITE, READ } = AclOperationTypes;
    const topics = [...new Set(Object.values(reads).flat())];
    return [
      ...[...writes, ...topics].map((topic) => may(AclResourceTypes.TOPIC, topic, CREATE)),
      ...writes.map((topic) => may(AclResourceTypes.TOPIC, topic, WRITE)),
      ...topics.map((topic) => may(AclResourceTypes.TOPIC, topic, READ)),
      ...Object.keys(reads).map((group) => may(AclResourceTypes.GROUP, group, READ)),
    ];
  });
