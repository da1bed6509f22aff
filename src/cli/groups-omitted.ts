/** What a user has to know whose rights by groups the server does not know. */
export const GROUPS_OMITTED = "your identity provider left your groups out of your token";
