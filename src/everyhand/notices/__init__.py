"""Being told: what a member has to know of, in the app, by mail and by push, each as they wish and once."""
