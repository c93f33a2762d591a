"""Files whose rows are not one product or variant each as ours are: how each is read row by row as if they were."""
