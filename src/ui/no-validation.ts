import { fileDesc } from "@bufbuild/protobuf/codegenv2";

/**
 * Stands in the page for the descriptors of buf.validate, which are a fifth of all that it would load: the server
 * validates, and to know a message one need not know the rules for its fields. It is the file's name and package.
 */
export const file_buf_validate_validate = fileDesc("ChtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8SDGJ1Zi52YWxpZGF0ZQ");
