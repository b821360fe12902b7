// What a program may do is not Node's to say here.
export const isEnabled = () => false;
export const has = () => true;
