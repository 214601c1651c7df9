int call_back(int value, int (*function)(int)) { return function(value); }
