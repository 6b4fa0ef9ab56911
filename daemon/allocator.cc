// jemalloc reads its settings here: free pages go back to the system after a second, by a thread of its own.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:4";
}
