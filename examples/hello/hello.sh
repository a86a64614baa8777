#!/bin/sh
echo "Hello, ${GREETED:-world}, from an image with $(cat /etc/programs) programs."
